
"use strict";
// The page of a claim: it asks the public API of the server that it came from. The PIN is kept nowhere but in here.

const CLAIM = `status receivedAt dueAt overdue decidedAt
  affected { action subject { id } }
  statementOfReasons { puid decisionFacts groundExplanation }
  details { complete personName contactEmail locations explanation }`;
const REFUSED = "... on UserError { message } ... on InvalidInputError { field }";
const OPEN = `query ($code: String!, $pin: String!) { said: likenessClaim(caseCode: $code, pin: $pin) { ${CLAIM} } }`;
const COMPLETE = `mutation ($code: String!, $pin: String!, $input: LikenessClaimInput!) {
  said: likenessClaimComplete(caseCode: $code, pin: $pin, input: $input) {
    ... on LikenessClaimCompleteSuccess { claim { ${CLAIM} } } ${REFUSED} } }`;
const WITHDRAW = `mutation ($code: String!, $pin: String!) {
  said: likenessClaimWithdraw(caseCode: $code, pin: $pin) {
    ... on LikenessClaimWithdrawSuccess { claim { ${CLAIM} } } ... on UserError { message } } }`;

const STATUS = {
  RECEIVED: ["Received", "The claim is in and waits for a moderator."],
  VERIFYING: ["Being looked at", "What the claim points at was looked at, and a moderator has it."],
  UPHELD: ["Upheld", "The person is in the registry. Everything here is searched, and what reproduces them is dealt with."],
  REJECTED: ["Rejected", "The claim is not upheld; the reasons stand below. You can file a new claim with what was missing."],
  WITHDRAWN: ["Withdrawn", "The claim was taken back. What it alone had restricted is given free again."],
};
const INCOMPLETE = "The claim came by e-mail and is not complete: please say below what is missing.";
const KIND = { resource: "A model", bounty: "A bounty", entry: "An entry to a bounty", job: "Pictures", image: "A picture", account: "An account" };
const ACTION = {
  NONE: "was looked at; nothing was changed.",
  HELD: "is held: nobody else sees it until the claim is decided.",
  DISABLED: "can no longer be seen or used.",
  REMOVED: "was removed.",
  RESTORED: "was given free again.",
};
const FIELDS = ["personName", "aliases", "relation", "consent", "creators", "locations", "explanation", "signature", "goodFaith"];
const UNANSWERED = "The server did not answer. Please try again in a moment.";

const code = document.body.dataset.code;
const element = (id) => document.getElementById(id);
const lines = (id) => element(id).value.split("\n").map((line) => line.trim()).filter(Boolean);
let pin = "";
let address = "";

class Refused extends Error {
  constructor(message, field) {
    super(message);
    this.field = field;
  }
}

async function ask(query, variables) {
  let answer;
  try {
    const response = await fetch("/graphql", {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", Accept: "application/graphql-response+json" },
      body: JSON.stringify({ query, variables: { code, pin, ...variables } }),
    });
    answer = await response.json();
  } catch {
    throw new Refused(UNANSWERED);
  }
  if (answer.errors) throw new Refused(answer.errors[0].message);
  return answer.data.said;
}

async function deed(query, variables) {
  const said = await ask(query, variables);
  if (!said.claim) throw new Refused(said.message, said.field);
  return said.claim;
}

function show(id, visible) {
  element(id).hidden = !visible;
}

function date(text) {
  const format = { dateStyle: "long", timeStyle: "short", timeZone: "UTC" };
  return `${new Intl.DateTimeFormat("en-GB", format).format(new Date(text))} UTC`;
}

function facts(claim) {
  const open = ["RECEIVED", "VERIFYING"].includes(claim.status);
  const due = open ? [["To be decided by", date(claim.dueAt) + (claim.overdue ? " (overdue)" : "")]] : [];
  const decided = claim.decidedAt ? [["Decided", date(claim.decidedAt)]] : [];
  const rows = [["Person", claim.details.personName || "not named yet"], ["Received", date(claim.receivedAt)], ...due, ...decided];
  element("facts").replaceChildren(...rows.flatMap(([name, value]) => [made("dt", name), made("dd", value)]));
  return open;
}

function made(tag, text) {
  const node = document.createElement(tag);
  node.textContent = text;
  return node;
}

function render(claim) {
  const open = facts(claim);
  const missing = open && !claim.details.complete;
  const [name, meaning] = STATUS[claim.status];
  element("status").textContent = name;
  element("meaning").textContent = missing ? INCOMPLETE : meaning;
  const reasons = claim.statementOfReasons;
  show("decision", reasons);
  element("decision-facts").textContent = reasons?.decisionFacts ?? "";
  element("decision-explanation").textContent = reasons?.groundExplanation ?? "";
  element("decision-number").textContent = reasons ? `Statement of reasons ${reasons.puid}` : "";
  show("found", claim.affected.length);
  element("affected").replaceChildren(...claim.affected.map((item) => {
    const id = item.subject.id;
    return made("li", `${KIND[id.split("_")[0]] ?? "A thing"} (${id}) ${ACTION[item.action]}`);
  }));
  show("complete", missing);
  if (missing) begin(claim.details);
  show("withdrawal", open || claim.status === "UPHELD");
  show("open", false);
  show("claim", true);
}

function begin(details) {
  address = details.contactEmail;
  for (const id of ["personName", "explanation"]) element(id).value ||= details[id];
  element("locations").value ||= details.locations.join("\n");
}

function completion() {
  const creators = element("consent").value === "NAMED_CREATORS" ? lines("creators") : [];
  return {
    personName: element("personName").value,
    aliases: lines("aliases"),
    relation: element("relation").value,
    contactEmail: address,
    locations: lines("locations"),
    explanation: element("explanation").value,
    consent: element("consent").value,
    creators,
    signature: element("signature").value,
    goodFaith: element("goodFaith").checked,
  };
}

function tell(id, sentence) {
  element(id).textContent = sentence;
  show(id, sentence);
}

function complain(refused) {
  tell("problem", refused instanceof Refused ? refused.message : UNANSWERED);
  const field = FIELDS.find((name) => refused.field === `input.${name}`);
  if (field) element(field).setAttribute("aria-invalid", "true");
  element(field ?? "problem").focus();
  element("problem").scrollIntoView({ block: "center" });
}

function handle(id, work) {
  element(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = event.target.querySelector("button");
    button.disabled = true;
    tell("problem", "");
    tell("done", "");
    for (const field of FIELDS) element(field).removeAttribute("aria-invalid");
    try {
      await work();
      element("status").focus();
    } catch (refused) {
      complain(refused);
    } finally {
      button.disabled = false;
    }
  });
}

handle("open", async () => {
  pin = element("pin").value;
  const claim = await ask(OPEN, {});
  if (!claim) throw new Refused("This case code and PIN open no claim. Please check both and try again.");
  element("pin").value = "";
  render(claim);
});
handle("completion", async () => {
  render(await deed(COMPLETE, { input: completion() }));
  tell("done", "The claim is complete. Thank you.");
});
handle("withdraw", async () => {
  render(await deed(WITHDRAW, {}));
  tell("done", "The claim is withdrawn.");
});
element("consent").addEventListener("change", () => show("naming", element("consent").value === "NAMED_CREATORS"));
element("pin").focus();
