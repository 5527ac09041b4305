import { html, raw } from "../../src/report/html.ts";
import { assert, test } from "../support/suite.ts";

test("what is put into a template is escaped", () => {
  assert.is(html`<p title="${`"'`}">${"<b>&"} ${3}</p>`.html, '<p title="&quot;&#39;">&lt;b&gt;&amp; 3</p>');
});

test("HTML inside HTML stays, lists are joined and nothing is left out", () => {
  assert.is(html`<ul>${["a", "<"].map((item) => html`<li>${item}</li>`)}${null}${false}</ul>`.html, "<ul><li>a</li><li>&lt;</li></ul>"); // prettier-ignore
  assert.is(html`${raw("<svg/>")}`.html, "<svg/>");
});

test("what only looks like HTML, as JSON can, is refused", () => {
  const forged = JSON.parse('{"html":"<img src=x onerror=alert(1)>"}') as never;
  assert.throws(() => html`<p>${forged}</p>`, /^html: got an object, expected text/);
  assert.throws(() => html`<p>${[forged]}</p>`, /^html: got an object/);
});

test.run();
