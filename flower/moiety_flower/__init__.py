"""The server side of a moiety federation, on Flower."""
