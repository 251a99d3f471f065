"""Claims through the real database: filed, opened, limited, decided, withdrawn, and their time running out."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from countenance.sealing import Seal
from domain import likeness, reasons
from domain.kernel.clock import HandClock
from domain.kernel.ids import ClaimId, new_id
from domain.kernel.paging import PageAsk
from domain.kernel.ports import Policy, Ports
from domain.kernel.refusals import Conflict, InvalidInput, NotAllowed, NotFound, RateLimited, SignInRequired
from domain.kernel.scope import Actor, Scope
from domain.likeness import ClaimDraft, ClaimFilter, ClaimRelation, ClaimStatus, claim_rules, letters, proofs
from domain.registry.snapshot import Consent
from tests.claiming import a_claim, a_descriptor, filed, solved
from tests.factories import member, moderator
from tests.resourcing import NAME

Acting = Callable[[Actor], Scope]


class Full:
    """A limiter whose named rules are full, and which tells what it was asked."""

    def __init__(self, *rules: str) -> None:
        self.rules = rules
        self.asked: list[tuple[str, str]] = []

    async def hit(self, rule: str, key: str) -> int | None:
        self.asked.append((rule, key))
        return await self.wait(rule, key)

    async def wait(self, rule: str, key: str) -> int | None:
        return 77 if rule in self.rules else None


class Counting:
    """A limiter that counts uses, and allows as many as is said; of other rules any number."""

    def __init__(self, **most: int) -> None:
        self.most = most
        self.uses: Counter[tuple[str, str]] = Counter()

    async def hit(self, rule: str, key: str) -> int | None:
        wait = await self.wait(rule, key)
        if wait is None:
            self.uses[rule, key] += 1
        return wait

    async def wait(self, rule: str, key: str) -> int | None:
        return 77 if self.uses[rule, key] >= self.most.get(rule, 1000) else None


def wrong_of(pin: str) -> str:
    """Another PIN."""
    return f"{(int(pin) + 1) % 10**10:010}"


@pytest.fixture
def ports(ports: Ports) -> Ports:
    """With a key for faces and one for challenges; puzzles are easy."""
    return replace(ports, sealer=Seal("ab" * 32), proof_key=b"k" * 32, policy=Policy(claim_proof_bits=8))


async def _registered(system: Scope) -> list[tuple[str, ...]]:
    return [each.person.names for each in await likeness.list_persons(system)]


async def _nothing(db: asyncpg.Pool) -> bool:
    counts = [
        await db.fetchval(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of this line
        for table in ("likeness_claim", "face_descriptor", "claim_letter", "fact", "spent_proof")
    ]
    return counts == [0] * 5


async def test_a_claim_is_filed_by_nobody_in_particular_and_opens_with_its_pin(
    db: asyncpg.Pool, nobody: Scope, clock: HandClock
) -> None:
    made = await filed(nobody, aliases=("Aldebaran T",), contact_email=" Aldebaran@Example.org ")

    again = await likeness.open_claim(
        nobody, made.claim.case_code.lower().replace("-", ""), f"{made.pin[:5]} {made.pin[5:]}"
    )

    assert again == made.claim
    assert made.claim.status is ClaimStatus.RECEIVED
    assert made.claim.due_at == clock.now() + timedelta(hours=48)
    assert (made.claim.contact_email, made.claim.aliases) == ("aldebaran@example.org", ("Aldebaran T",))
    kept = await db.fetchval("SELECT pin_hash FROM likeness_claim")
    assert kept.startswith("$argon2id$")
    assert made.pin not in repr(made)
    assert await db.fetchval("SELECT kind FROM fact") == "ClaimReceived"
    letter = await db.fetchrow("SELECT recipient, subject, body FROM claim_letter")
    assert letter["recipient"] == "aldebaran@example.org"
    assert made.claim.case_code in letter["subject"]
    assert made.pin not in letter["body"]
    assert NAME not in letter["body"], "whoever files under another's address must not write to them through us"


async def test_nothing_but_code_and_pin_together_opens_a_claim(db: asyncpg.Pool, nobody: Scope, acting: Acting) -> None:
    made = await filed(nobody)
    wrong = f"{(int(made.pin) + 1) % 10**10:010}"

    tried = [
        await likeness.open_claim(nobody, made.claim.case_code, wrong),
        await likeness.open_claim(nobody, "LC-2222-2222", made.pin),
        await likeness.open_claim(nobody, "nonsense", made.pin),
        await likeness.open_claim(nobody, made.claim.case_code, ""),
        await likeness.open_claim(nobody, made.claim.case_code, "x" * 10_000),
    ]

    assert tried == [None] * 5
    assert await likeness.claims_by_ids(nobody, [made.claim.id]) == {}
    assert await likeness.claims_by_ids(acting(await member()), [made.claim.id]) == {}
    assert list(await likeness.claims_by_ids(acting(await moderator()), [made.claim.id])) == [made.claim.id]
    with pytest.raises(NotFound):
        await likeness.withdraw_claim(nobody, made.claim.case_code, wrong)
    assert await db.fetchval("SELECT status FROM likeness_claim") == "RECEIVED"


async def test_the_right_pin_is_counted_by_nothing(nobody: Scope, ports: Ports) -> None:
    made = await filed(nobody)
    limiter = Counting()
    scope = replace(nobody, ports=replace(ports, limiter=limiter), address="203.0.113.9")

    looks = [await likeness.open_claim(scope, made.claim.case_code, made.pin) for _ in range(4)]
    withdrawn = await likeness.withdraw_claim(scope, made.claim.case_code, made.pin)

    assert looks == [made.claim] * 4
    assert limiter.uses == {}
    assert withdrawn.status is ClaimStatus.WITHDRAWN


async def test_failures_count_for_the_network_and_at_the_case(nobody: Scope, ports: Ports) -> None:
    made = await filed(nobody)
    code, limiter = made.claim.case_code, Counting()
    scope = replace(nobody, ports=replace(ports, limiter=limiter), address="203.0.113.9")

    await likeness.open_claim(scope, code, wrong_of(made.pin))
    await likeness.open_claim(scope, "nonsense", made.pin)

    assert limiter.uses == {
        ("claim-look-address", "203.0.113.9"): 2,
        ("claim-look", f"{code} 203.0.113.9"): 1,
        ("claim-look-late", f"{code} 203.0.113.9"): 1,
        ("claim-look-case", code): 1,
    }


@pytest.mark.parametrize("rule", ["claim-look-address", "claim-look"])
async def test_a_network_that_has_failed_too_often_waits_even_with_the_right_pin(
    db: asyncpg.Pool, nobody: Scope, ports: Ports, rule: str
) -> None:
    made = await filed(nobody)
    scope = replace(nobody, ports=replace(ports, limiter=Counting(**{rule: 2})), address="203.0.113.9")
    for _ in range(2):
        await likeness.open_claim(scope, made.claim.case_code, wrong_of(made.pin))

    with pytest.raises(RateLimited) as refused:
        await likeness.withdraw_claim(scope, made.claim.case_code, made.pin)

    assert refused.value.retry_after_seconds == 77
    assert await db.fetchval("SELECT status FROM likeness_claim") == "RECEIVED"


async def test_strangers_who_fail_at_a_case_do_not_lock_its_claimant_out(nobody: Scope, ports: Ports) -> None:
    made = await filed(nobody)
    code, limiter = made.claim.case_code, Counting(**{"claim-look-case": 4, "claim-look-late": 3})
    stranger, claimant = (
        replace(nobody, ports=replace(ports, limiter=limiter), address=f"203.0.113.{host}") for host in (9, 10)
    )
    await likeness.open_claim(claimant, code, wrong_of(made.pin))
    for _ in range(3):
        await likeness.open_claim(stranger, code, wrong_of(made.pin))

    with pytest.raises(RateLimited):
        await likeness.open_claim(stranger, code, made.pin)
    withdrawn = await likeness.withdraw_claim(claimant, code, made.pin)

    assert withdrawn.status is ClaimStatus.WITHDRAWN


async def test_of_many_tries_at_once_only_so_many_are_answered(nobody: Scope, ports: Ports) -> None:
    made = await filed(nobody)
    scope = replace(nobody, ports=replace(ports, limiter=Counting(**{"claim-look": 2})), address="203.0.113.9")
    pins = [wrong_of(made.pin)] * 4 + [made.pin]

    answers = await asyncio.gather(
        *(likeness.open_claim(scope, made.claim.case_code, pin) for pin in pins[:4]), return_exceptions=True
    )
    with pytest.raises(RateLimited):
        await likeness.open_claim(scope, made.claim.case_code, pins[4])

    assert answers == [None] * 4


async def test_an_invalid_claim_leaves_nothing(db: asyncpg.Pool, nobody: Scope) -> None:
    with pytest.raises(InvalidInput) as refused:
        await filed(nobody, face_descriptors=(a_descriptor(length=129),))

    assert refused.value.field == "input.faceDescriptors"
    assert await _nothing(db)


async def test_an_invalid_claim_counts_and_its_names_are_checked_beside_the_loop(
    db: asyncpg.Pool, nobody: Scope, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    limiter, threads = Full(), []
    scope = replace(nobody, ports=replace(ports, limiter=limiter), address="203.0.113.9")
    checked = claim_rules.checked_draft

    def noted(draft: ClaimDraft) -> ClaimDraft:
        threads.append(threading.current_thread().name)
        return checked(draft)

    monkeypatch.setattr(claim_rules, "checked_draft", noted)

    with pytest.raises(InvalidInput):
        await filed(scope, aliases=("🙂",))

    assert limiter.asked == [("claim", "203.0.113.9")]
    assert threads[0].startswith("beside")
    assert await _nothing(db)


async def test_too_many_claims_are_told_to_wait_and_recorded(db: asyncpg.Pool, nobody: Scope, ports: Ports) -> None:
    limiter = Full("claim")
    scope = replace(nobody, ports=replace(ports, limiter=limiter), address="203.0.113.9")

    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            await filed(scope)

    assert refused.value.retry_after_seconds == 77
    assert limiter.asked == [("claim", "203.0.113.9")] * 2
    assert await _nothing(db)
    recorded = await db.fetchrow("SELECT rule, times, address_hash FROM throttled_claim")
    assert (recorded["rule"], recorded["times"]) == ("claim", 2)
    assert "203.0.113.9" not in recorded["address_hash"]


async def test_a_claim_that_is_refused_uses_up_nothing_of_its_address(
    db: asyncpg.Pool, nobody: Scope, ports: Ports
) -> None:
    limiter = Counting(**{"claim-unproved": 1})
    scope = replace(nobody, ports=replace(ports, limiter=limiter), address="203.0.113.9")
    await filed(scope)

    with pytest.raises(RateLimited, match="likenessClaimChallenge"):
        await filed(scope)
    with pytest.raises(InvalidInput):
        await likeness.file_claim(scope, a_claim(), proof="a:b")

    assert limiter.uses[("claim-email", "aldebaran@example.org")] == 1
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1


async def test_an_address_that_others_have_named_often_costs_a_puzzle_and_is_never_refused(
    db: asyncpg.Pool, nobody: Scope, ports: Ports
) -> None:
    limiter = Counting(**{"claim-email": 2})
    stranger, owner = (
        replace(nobody, ports=replace(ports, limiter=limiter), address=f"203.0.113.{host}") for host in (9, 10)
    )
    for _ in range(2):
        await filed(stranger)
    with pytest.raises(RateLimited, match="likenessClaimChallenge"):
        await filed(owner)
    puzzle = await likeness.challenge(owner)

    made = await likeness.file_claim(owner, a_claim(), proof=solved(puzzle.token, puzzle.bits))

    assert made.claim.status is ClaimStatus.RECEIVED
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 3


async def test_an_address_gets_so_many_letters_a_day_and_the_decision_always(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "MOST_LETTERS_A_DAY", 2)
    made = [await filed(nobody) for _ in range(3)]
    of_receipts = await db.fetchval("SELECT count(*) FROM claim_letter")
    await likeness.withdraw_claim(nobody, made[0].claim.case_code, made[0].pin)
    of_withdrawal = await db.fetchval("SELECT count(*) FROM claim_letter")
    await likeness.decide_claim(acting(await moderator()), made[1].claim.id, uphold=False, explanation="x")
    of_decision = await db.fetchval("SELECT count(*) FROM claim_letter")
    clock.turn(timedelta(hours=25))

    await filed(nobody)

    assert (of_receipts, of_withdrawal, of_decision) == (2, 2, 3)
    assert await db.fetchval("SELECT count(*) FROM claim_letter") == 4


async def test_a_solved_puzzle_lets_a_busy_address_file_once_more(
    db: asyncpg.Pool, nobody: Scope, ports: Ports, clock: HandClock
) -> None:
    busy = replace(nobody, ports=replace(ports, limiter=Full("claim-unproved")))
    set_ = await likeness.challenge(busy)
    proof = solved(set_.token, set_.bits)
    with pytest.raises(RateLimited, match="likenessClaimChallenge"):
        await filed(busy)

    made = await likeness.file_claim(busy, a_claim(), proof=proof)

    assert set_.bits == 8
    assert made.claim.status is ClaimStatus.RECEIVED
    with pytest.raises(InvalidInput, match="used already"):
        await likeness.file_claim(busy, a_claim(), proof=proof)
    other = solved(set_.token, 8) + "0"
    for wrong in ("", "a:b", set_.token, f"{set_.token}:", "é" + proof, other.replace(".8.", ".0.", 1), "x" * 1000):
        with pytest.raises(InvalidInput) as refused:
            await likeness.file_claim(busy, a_claim(), proof=wrong)
        assert refused.value.field == "proof"
    late = solved((await likeness.challenge(busy)).token, 8)
    clock.turn(timedelta(minutes=16))
    with pytest.raises(InvalidInput, match="too late"):
        await likeness.file_claim(busy, a_claim(), proof=late)
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1


async def test_a_puzzle_is_for_the_network_that_it_was_set_to(db: asyncpg.Pool, nobody: Scope) -> None:
    here, elsewhere = (replace(nobody, address=f"203.0.113.{host}") for host in (9, 10))
    puzzle = await likeness.challenge(here)
    proof = solved(puzzle.token, puzzle.bits)

    with pytest.raises(InvalidInput, match="set to your network") as refused:
        await likeness.file_claim(elsewhere, a_claim(), proof=proof)

    assert refused.value.field == "proof"
    assert await _nothing(db)
    assert (await likeness.file_claim(here, a_claim(), proof=proof)).claim.status is ClaimStatus.RECEIVED


async def test_puzzles_become_harder_with_the_claims_of_a_network(
    db: asyncpg.Pool, nobody: Scope, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proofs, "CLAIMS_A_BIT", 2)
    here, elsewhere = (replace(nobody, address=f"203.0.113.{host}") for host in (9, 10))
    first = await likeness.challenge(here)
    easy = solved(first.token, first.bits)
    for _ in range(2):
        await filed(here)

    then = [(await likeness.challenge(each)).bits for each in (here, elsewhere)]
    with pytest.raises(InvalidInput, match="a harder puzzle is due"):
        await likeness.file_claim(here, a_claim(), proof=easy)
    clock.turn(timedelta(hours=25))
    later = (await likeness.challenge(here)).bits

    assert (first.bits, then, later) == (8, [9, 8], 8)
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 2


async def test_named_creators_are_accounts(db: asyncpg.Pool, nobody: Scope) -> None:
    creator = await member("painter")
    consent = Consent.NAMED_CREATORS

    made = await filed(nobody, consent=consent, creators=("Painter", f"account_{creator.account_id.hex}"))

    assert made.claim.creators == (creator.account_id,)
    with pytest.raises(InvalidInput) as refused:
        await filed(nobody, consent=consent, creators=("nobody-at-all",))
    assert refused.value.field == "input.creators"
    assert await db.fetchval("SELECT count(*) FROM likeness_claim") == 1


async def test_upholding_registers_the_person_and_states_reasons(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    made = await filed(nobody, aliases=("Aldebaran T",), consent=Consent.SAFE_FOR_WORK_ONLY)
    judge = acting(await moderator())

    claim, version = await likeness.decide_claim(
        judge, made.claim.id, uphold=True, explanation="An identity was shown."
    )

    assert (claim.status, version) == (ClaimStatus.UPHELD, 1)
    [person] = (await likeness.load_snapshot()).persons
    assert (person.id, person.names) == (claim.person_id, (NAME, "Aldebaran T"))
    assert person.consent is Consent.SAFE_FOR_WORK_ONLY
    statement = (await reasons.statements_by_subject(system, [claim.subject]))[claim.subject]
    assert statement.explanation == "An identity was shown."
    assert NAME not in statement.facts
    facts = [row["kind"] for row in await db.fetch("SELECT kind FROM fact WHERE kind <> 'AccountOpened' ORDER BY id")]
    assert facts == ["ClaimReceived", "RegistryChanged", "ClaimDecided"]
    letter = await db.fetchrow("SELECT subject, body FROM claim_letter ORDER BY id DESC LIMIT 1")
    assert letter["subject"].endswith("upheld")
    assert "An identity was shown." in letter["body"]
    assert statement.puid in letter["body"]


async def test_rejecting_gives_reasons_and_registers_nobody(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    made = await filed(nobody, face_descriptors=(a_descriptor(),))
    judge = acting(await moderator())

    claim, version = await likeness.decide_claim(
        judge, made.claim.id, uphold=False, explanation="No such person exists."
    )

    assert (claim.status, version) == (ClaimStatus.REJECTED, 0)
    assert await _registered(system) == []
    assert await db.fetchval("SELECT count(*) FROM face_descriptor") == 0
    statement = (await reasons.statements_by_subject(system, [claim.subject]))[claim.subject]
    assert statement.explanation == "No such person exists."
    with pytest.raises(Conflict):
        await likeness.decide_claim(judge, claim.id, uphold=True, explanation="x")
    with pytest.raises(Conflict):
        await likeness.withdraw_claim(nobody, claim.case_code, made.pin)


async def test_only_moderators_decide_and_say_why(db: asyncpg.Pool, nobody: Scope, acting: Acting) -> None:
    made = await filed(nobody)

    with pytest.raises(SignInRequired):
        await likeness.decide_claim(nobody, made.claim.id, uphold=True, explanation="x")
    with pytest.raises(NotAllowed):
        await likeness.decide_claim(acting(await member()), made.claim.id, uphold=True, explanation="x")
    with pytest.raises(InvalidInput):
        await likeness.decide_claim(acting(await moderator()), made.claim.id, uphold=True, explanation=" ")
    with pytest.raises(NotFound):
        await likeness.decide_claim(acting(await moderator()), ClaimId(new_id()), uphold=True, explanation="x")

    assert await db.fetchval("SELECT status FROM likeness_claim") == "RECEIVED"
    assert await likeness.registry_version() == 0


async def test_claims_about_one_person_join_and_each_leaves_by_itself(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    judge = acting(await moderator())
    first = await filed(nobody, consent=Consent.SAFE_FOR_WORK_ONLY)
    second = await filed(
        nobody,
        person_name="ALDEBARAN, Test Person",
        aliases=("Other Name Aldebaran",),
        relation=ClaimRelation.AGENT,
        contact_email="agent@example.org",
    )
    stranger = await filed(nobody, person_name="Another Person Rigel")

    for claim in (first.claim, second.claim):
        await likeness.decide_claim(judge, claim.id, uphold=True, explanation="x")
    [both] = (await likeness.load_snapshot()).persons
    await likeness.withdraw_claim(nobody, second.claim.case_code, second.pin)
    [one] = (await likeness.load_snapshot()).persons
    await likeness.withdraw_claim(nobody, first.claim.case_code, first.pin)

    assert (first.claim.about, second.claim.about) == (first.claim.id, first.claim.id)
    assert stranger.claim.about == stranger.claim.id
    assert both.names == (NAME, "ALDEBARAN, Test Person", "Other Name Aldebaran")
    assert (both.consent, one.consent) == (Consent.DENY_ALL, Consent.SAFE_FOR_WORK_ONLY)
    assert (one.id, one.names) == (both.id, (NAME,))
    assert await _registered(system) == []


async def test_a_withdrawal_leaves_what_the_operator_had_registered(
    nobody: Scope, acting: Acting, system: Scope
) -> None:
    own, _ = await likeness.register(
        system, name=NAME, aliases=["Own Alias Aldebaran"], consent=Consent.SAFE_FOR_WORK_ONLY
    )
    made = await filed(nobody, aliases=("Claimed Alias Aldebaran",))

    await likeness.decide_claim(acting(await moderator()), made.claim.id, uphold=True, explanation="x")
    [joined] = (await likeness.load_snapshot()).persons
    await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)

    assert (joined.id, joined.consent) == (own.id, Consent.DENY_ALL)
    assert joined.names == (NAME, "Own Alias Aldebaran", "Claimed Alias Aldebaran")
    assert (await likeness.load_snapshot()).persons == (own,)


async def test_a_claim_is_withdrawn_at_any_time_but_once(db: asyncpg.Pool, nobody: Scope) -> None:
    made = await filed(nobody)

    withdrawn = await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)

    assert withdrawn.status is ClaimStatus.WITHDRAWN
    assert await likeness.registry_version() == 0
    with pytest.raises(Conflict) as refused:
        await likeness.withdraw_claim(nobody, made.claim.case_code, made.pin)
    assert refused.value.state == "WITHDRAWN"
    assert await db.fetchval("SELECT count(*) FROM fact WHERE kind = 'ClaimWithdrawn'") == 1


async def test_of_deeds_at_once_each_claim_sees_them_one_after_another(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, system: Scope
) -> None:
    judge = acting(await moderator())
    made = await filed(nobody)
    others = [await filed(nobody, contact_email=f"other-{number}@example.org") for number in range(3)]

    def decide(claim_id: ClaimId, *, uphold: bool) -> Coroutine[Any, Any, object]:
        return likeness.decide_claim(judge, claim_id, uphold=uphold, explanation="x")

    outcomes = await asyncio.gather(
        decide(made.claim.id, uphold=True),
        decide(made.claim.id, uphold=False),
        decide(made.claim.id, uphold=True),
        *(decide(each.claim.id, uphold=True) for each in others),
        return_exceptions=True,
    )
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    statuses = [row["status"] for row in await db.fetch("SELECT status FROM likeness_claim ORDER BY id")]
    withdrawals = await asyncio.gather(
        *(likeness.withdraw_claim(nobody, each.claim.case_code, each.pin) for each in [*others, others[0]]),
        return_exceptions=True,
    )

    assert [type(error) for error in refused] == [Conflict, Conflict]
    assert statuses[1:] == ["UPHELD"] * 3
    assert statuses[0] in ("UPHELD", "REJECTED")
    assert [type(error) for error in withdrawals if isinstance(error, BaseException)] == [Conflict]
    assert await _registered(system) == ([(NAME,)] if statuses[0] == "UPHELD" else [])


async def test_faces_are_sealed_at_rest_and_deleted_with_their_claim(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, ports: Ports
) -> None:
    faces = (a_descriptor(1), a_descriptor(2))
    made = await filed(nobody, face_descriptors=faces)
    sealed = [bytes(row["sealed"]) for row in await db.fetch("SELECT sealed FROM face_descriptor ORDER BY id")]
    plain = Seal("ab" * 32).open(sealed[0], about=made.claim.id.bytes)

    claim, _ = await likeness.decide_claim(acting(await moderator()), made.claim.id, uphold=True, explanation="x")
    enrolled = (await likeness.load_snapshot(ports.sealer)).faces
    without_key = (await likeness.load_snapshot(None)).faces

    assert [len(each) for each in sealed] == [12 + 512 + 16] * 2
    assert plain not in b"".join(sealed)
    assert [face.person_id for face in enrolled] == [claim.person_id] * 2
    assert without_key == ()
    with pytest.raises(ValueError, match="not sealed under this key"):
        Seal("cd" * 32).open(sealed[0], about=made.claim.id.bytes)
    with pytest.raises(ValueError, match="not sealed under this key"):
        Seal("ab" * 32).open(sealed[0], about=new_id().bytes)
    person = (await likeness.persons_by_ids(Scope.of_system(ports), [claim.person_id]))[claim.person_id]  # type: ignore[list-item, index]
    assert person.faces == 2

    await likeness.withdraw_claim(nobody, claim.case_code, made.pin)

    assert await db.fetchval("SELECT count(*) FROM face_descriptor") == 0
    assert (await likeness.load_snapshot(ports.sealer)).faces == ()


async def test_without_a_key_no_faces_are_taken(db: asyncpg.Pool, nobody: Scope, ports: Ports) -> None:
    keyless = replace(nobody, ports=replace(ports, sealer=None))

    with pytest.raises(InvalidInput) as refused:
        await filed(keyless, face_descriptors=(a_descriptor(),))

    assert refused.value.field == "input.faceDescriptors"
    assert await _nothing(db)


async def overdue(scope: Scope) -> list[ClaimId]:
    return [claim.id for claim in (await likeness.list_claims(scope, PageAsk(), ClaimFilter(overdue=True))).items]


async def test_the_clock_tells_at_50_80_and_100_per_cent(
    db: asyncpg.Pool, nobody: Scope, system: Scope, clock: HandClock, acting: Acting
) -> None:
    made = await filed(nobody)
    judge = acting(await moderator())

    async def told_after(hours: float) -> list[int]:
        await db.execute("DELETE FROM fact")
        clock.turn(timedelta(hours=hours))
        number = await likeness.tick(system)
        rows = await db.fetch("SELECT body FROM fact WHERE kind = 'ClaimEscalated' ORDER BY id")
        assert number == len(rows)
        return [json.loads(row["body"])["percent"] for row in rows]

    assert await told_after(23.9) == []
    assert await told_after(0.1) == [50]
    assert await told_after(1) == []
    assert await told_after(13.4) == [80]
    assert await overdue(judge) == []
    assert await told_after(9.6) == [100]
    assert await overdue(judge) == [made.claim.id]
    assert await told_after(100) == []


async def test_a_clock_that_slept_tells_everything_once_and_decided_claims_nothing(
    db: asyncpg.Pool, nobody: Scope, system: Scope, clock: HandClock, acting: Acting
) -> None:
    await filed(nobody)
    decided = await filed(nobody)
    await likeness.decide_claim(acting(await moderator()), decided.claim.id, uphold=False, explanation="x")
    clock.turn(timedelta(hours=72))

    first, second = await likeness.tick(system), await likeness.tick(system)

    assert (first, second) == (3, 0)
    rows = await db.fetch("SELECT body FROM fact WHERE kind = 'ClaimEscalated' ORDER BY id")
    assert [json.loads(row["body"])["percent"] for row in rows] == [50, 80, 100]


async def test_moderators_list_claims_by_status_and_overdue(nobody: Scope, acting: Acting, clock: HandClock) -> None:
    judge = acting(await moderator())
    old = await filed(nobody)
    clock.turn(timedelta(hours=49))
    young = await filed(nobody, person_name="Another Person Rigel")

    everything = await likeness.list_claims(judge, PageAsk(1), ClaimFilter(), with_total=True)
    rest = await likeness.list_claims(judge, PageAsk(1, everything.keys[-1]), ClaimFilter())
    overdue = await likeness.list_claims(judge, PageAsk(), ClaimFilter(overdue=True))
    upheld = await likeness.list_claims(judge, PageAsk(), ClaimFilter(status=ClaimStatus.UPHELD))

    assert ([claim.id for claim in everything.items], everything.total, everything.has_next) == (
        [old.claim.id],
        2,
        True,
    )
    assert [claim.id for claim in rest.items] == [young.claim.id]
    assert [claim.id for claim in overdue.items] == [old.claim.id]
    assert list(upheld.items) == []
    with pytest.raises(NotAllowed):
        await likeness.list_claims(acting(await member()), PageAsk(), ClaimFilter())


async def test_open_claims_come_first_and_of_those_what_is_due_first(
    db: asyncpg.Pool, nobody: Scope, acting: Acting, clock: HandClock
) -> None:
    judge = acting(await moderator())
    made = []
    for _ in range(4):
        made.append(await filed(nobody))
        clock.turn(timedelta(hours=1))
    for decided in made[:2]:
        await likeness.decide_claim(judge, decided.claim.id, uphold=False, explanation="x")

    first = await likeness.list_claims(judge, PageAsk(first=3), ClaimFilter())
    rest = await likeness.list_claims(judge, PageAsk(first=3, after=first.keys[-1]), ClaimFilter())

    ids = [one.claim.id for one in made]
    assert [claim.id for claim in first.items] == [ids[2], ids[3], ids[1]]
    assert [claim.id for claim in rest.items] == [ids[0]]


async def test_a_claim_joins_those_that_stand_and_name_the_same_person(
    db: asyncpg.Pool, nobody: Scope, acting: Acting
) -> None:
    judge = acting(await moderator())
    made = [await filed(nobody) for _ in range(3)]
    await likeness.decide_claim(judge, made[0].claim.id, uphold=False, explanation="x")
    await db.execute("UPDATE likeness_claim SET name_key = '' WHERE id = $1", made[1].claim.id)

    joined = await likeness.joined_counts([one.claim for one in made])

    assert [joined[one.claim.id] for one in made] == [1, 0, 0]


async def test_claims_in_figures(
    db: asyncpg.Pool, nobody: Scope, system: Scope, acting: Acting, clock: HandClock
) -> None:
    judge = acting(await moderator())
    clock.turn(timedelta(days=-10))
    start = clock.now()
    upheld, rejected, _ = await filed(nobody), await filed(nobody), await filed(nobody)
    clock.turn(timedelta(hours=10))
    await likeness.decide_claim(judge, rejected.claim.id, uphold=False, explanation="x")
    clock.turn(timedelta(hours=40))
    await likeness.decide_claim(judge, upheld.claim.id, uphold=True, explanation="x")

    counts = await likeness.claims_between(start, start + timedelta(days=5), now=system.now)
    first_day = await likeness.claims_between(start, start + timedelta(days=1), now=system.now)
    later = await likeness.claims_between(start + timedelta(days=5), start + timedelta(days=30), now=system.now)

    assert (counts.received, counts.upheld, counts.overdue, counts.median_hours) == (3, 1, 2, 30.0)
    assert (first_day.received, first_day.upheld, first_day.overdue, first_day.median_hours) == (3, 0, 0, 10.0)
    assert (later.received, later.upheld, later.overdue, later.median_hours) == (0, 0, 0, None)
