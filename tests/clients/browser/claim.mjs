// Opens a claim's page in a real browser: claim.mjs <url> <PIN> [complete|withdraw] [picture.png].
// Prints what the page shows after each step as a line of JSON, and last what the browser asked for and complained of.
import chromium from "@sparticuz/chromium";
import puppeteer from "puppeteer-core";

const [url, pin, deed, picture] = process.argv.slice(2);
const browser = await puppeteer.launch({
  args: ["--no-sandbox", "--headless=shell"],
  executablePath: await chromium.executablePath(),
  headless: "shell",
});
const page = await browser.newPage();
const requested = [];
const complaints = [];
page.on("request", (request) => requested.push(`${request.method()} ${request.url()}`));
page.on("console", (message) => complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));
await page.setViewport({ width: 900, height: 1400 });

async function say() {
  const seen = await page.evaluate(() => {
    const text = (id) => {
      const found = document.getElementById(id);
      return found.checkVisibility() ? found.textContent : null;
    };
    const shown = ["open", "decision", "found", "complete", "withdrawal"].filter((id) => text(id) !== null);
    const said = ["problem", "done", "status", "meaning", "decision-explanation", "affected"];
    const invalid = [...document.querySelectorAll("[aria-invalid=true]")].map((field) => field.id);
    return { shown, invalid, focus: document.activeElement.id, ...Object.fromEntries(said.map((id) => [id, text(id)])) };
  });
  console.log(JSON.stringify(seen));
}

async function submit(form) {
  const answered = page.waitForResponse((response) => response.url().endsWith("/graphql"));
  await page.click(`#${form} button`);
  await answered;
  await page.waitForFunction((id) => !document.querySelector(`#${id} button`).disabled, {}, form);
}

await page.goto(url);
await page.type("#pin", pin);
await submit("open");
await say();
if (deed === "complete") {
  await page.select("#relation", "SELF");
  await page.select("#consent", "NAMED_CREATORS");
  await page.type("#creators", "nobody-of-this-name");
  await page.type("#signature", "T. P. Aldebaran");
  await page.click("#goodFaith");
  await submit("completion");
  await say();
  await page.select("#consent", "DENY_ALL");
  await submit("completion");
  await say();
}
if (deed === "withdraw") {
  await page.click("#sure");
  await submit("withdraw");
  await say();
}
if (picture) await page.screenshot({ path: picture, fullPage: true });
console.log(JSON.stringify({ requested, complaints, address: page.url(), title: await page.title() }));
await browser.close();
