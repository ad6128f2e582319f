// Opens a file in Chromium as different readers see it, and prints as JSON what was found.
//   node look.mjs PACKAGES CHROMIUM FILE [SCREENSHOT.png]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [packages, executablePath, file, screenshot] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${packages}/package.json`));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf-8");
const address = pathToFileURL(file).href;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });

async function open(settings, media) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 900 }, ...settings });
  const page = await context.newPage();
  const requests = [];
  const errors = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.emulateMedia(media);
  await page.goto(address);
  return { context, page, requests, errors };
}

const found = { axe: {}, requests: [], errors: [] };
for (const [name, settings, media] of [
  ["light", {}, { colorScheme: "light" }],
  ["dark", {}, { colorScheme: "dark" }],
  ["print", {}, { media: "print", colorScheme: "dark" }],
  ["phone", { viewport: { width: 360, height: 740 } }, { colorScheme: "light" }],
]) {
  const { context, page, requests, errors } = await open(settings, media);
  await page.evaluate(axe);
  const result = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  found.axe[name] = {
    passes: result.passes.length,
    violations: result.violations.map((one) => ({
      id: one.id,
      help: one.help,
      nodes: one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`),
    })),
  };
  found.requests.push(...requests.filter((url) => url !== address && url !== "data:,"));
  found.errors.push(...errors);
  if (name === "light" || name === "dark" || name === "print") {
    found[`${name}Colours`] = await page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return [style.color, style.backgroundColor];
    });
  }
  if (name === "phone") {
    found.phoneOverflow = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  }
  await context.close();
}

const { context, page } = await open({ javaScriptEnabled: false, viewport: { width: 1000, height: 1500 } }, { colorScheme: "light" });
found.textWithoutScript = await page.locator("main").innerText();
found.charts = await page.locator("svg[role=img]").count();
if (screenshot) {
  await page.screenshot({ path: screenshot });
}
found.pages = (await page.pdf({ format: "A4" })).toString("latin1").split("/Type /Page\n").length - 1;
await context.close();
await browser.close();
console.log(JSON.stringify(found));
