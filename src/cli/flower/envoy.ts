// The door of a federation, as a configuration of Envoy: it lets the Fleet API through and nothing else (a SuperLink's port
// also starts runs), ends TLS, and answers browsers: CORS for the HTTP API, gRPC-Web for the gRPC API of older versions.

export interface Door {
  readonly host: string;
  readonly port: number;
  /** Where the SuperLink's HTTP API listens on this machine. */
  readonly superlink: number;
  /** Where its gRPC Fleet API listens, before Flower 1.40. */
  readonly grpc?: number;
  /** Paths of PEM files, used towards clients and, if the SuperLink speaks TLS as well, trusted towards it. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Origins of pages that may take part; "*" for any. */
  readonly origin: string;
}

const typed = (type: string, fields: object): object => ({ "@type": `type.googleapis.com/${type}`, ...fields });
const HTTP = "envoy.extensions.filters.http";

/** Envoy's configuration, for a file that ends in .json. */
export function envoyConfig({ host, port, superlink, grpc, tls, origin }: Door): string {
  const routes = [{ match: { prefix: "/v1/fleet/" }, route: { cluster: "superlink", timeout: "120s" } }];
  const clusters = [cluster("superlink", superlink, {}, tls)];
  if (grpc !== undefined) {
    routes.push({ match: { prefix: "/flwr.proto.Fleet/" }, route: { cluster: "grpc", timeout: "120s" } });
    clusters.push(cluster("grpc", grpc, { http2_protocol_options: {} }, tls));
  }
  const cors = typed(`${HTTP}.cors.v3.CorsPolicy`, {
    allow_origin_string_match: [origin === "*" ? { safe_regex: { regex: ".*" } } : { exact: origin }],
    allow_methods: "POST, OPTIONS",
    allow_headers:
      "content-type,x-grpc-web,grpc-timeout,flwr-public-key,flwr-signature,flwr-timestamp,flwr-public-key-bin,flwr-signature-bin",
    expose_headers: "grpc-status,grpc-message",
    max_age: "86400",
  });
  const manager = {
    stat_prefix: "fleet",
    codec_type: "AUTO",
    http_filters: [
      { name: "envoy.filters.http.grpc_web", typed_config: typed(`${HTTP}.grpc_web.v3.GrpcWeb`, {}) },
      { name: "envoy.filters.http.cors", typed_config: typed(`${HTTP}.cors.v3.Cors`, {}) },
      { name: "envoy.filters.http.router", typed_config: typed(`${HTTP}.router.v3.Router`, {}) },
    ],
    route_config: {
      virtual_hosts: [
        { name: "fleet", domains: ["*"], typed_per_filter_config: { "envoy.filters.http.cors": cors }, routes },
      ],
    },
  };
  const chain = {
    filters: [
      {
        name: "envoy.filters.network.http_connection_manager",
        typed_config: typed(
          "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
          manager,
        ),
      },
    ],
    ...(tls && {
      transport_socket: {
        name: "envoy.transport_sockets.tls",
        typed_config: typed("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", {
          common_tls_context: {
            alpn_protocols: ["h2", "http/1.1"],
            tls_certificates: [{ certificate_chain: { filename: tls.cert }, private_key: { filename: tls.key } }],
          },
        }),
      },
    }),
  };
  const listeners = [{ name: "fleet", address: address(host, port), filter_chains: [chain] }];
  return `${JSON.stringify({ static_resources: { listeners, clusters } }, null, 2)}\n`;
}

function address(host: string, port: number): object {
  return { socket_address: { address: host, port_value: port } };
}

function cluster(name: string, port: number, protocol: object, tls: Door["tls"]): object {
  return {
    name,
    type: "STATIC",
    connect_timeout: "5s",
    typed_extension_protocol_options: {
      "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": typed(
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        {
          explicit_http_config: Object.keys(protocol).length > 0 ? protocol : { http_protocol_options: {} },
        },
      ),
    },
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: address("127.0.0.1", port) } }] }],
    },
    ...(tls && {
      transport_socket: {
        name: "envoy.transport_sockets.tls",
        typed_config: typed("envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext", {
          common_tls_context: { validation_context: { trusted_ca: { filename: tls.ca } } },
        }),
      },
    }),
  };
}
