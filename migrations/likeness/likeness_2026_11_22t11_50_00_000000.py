"""Checks and indexes of claims."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine import engine_finder

ID = "2026-11-22T11:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "checks and indexes of claims"

STATEMENTS = (
    "CREATE INDEX registered_person_keys ON registered_person USING gin (name_keys) WHERE withdrawn_at IS NULL",
    """
    ALTER TABLE likeness_claim
        ADD CONSTRAINT likeness_claim_status
            CHECK (status IN ('RECEIVED', 'VERIFYING', 'UPHELD', 'REJECTED', 'WITHDRAWN')),
        ADD CONSTRAINT likeness_claim_source CHECK (source IN ('FORM', 'EMAIL')),
        ADD CONSTRAINT likeness_claim_relation
            CHECK (relation IN ('SELF', 'PARENT_OR_GUARDIAN', 'AGENT', 'ESTATE')),
        ADD CONSTRAINT likeness_claim_complete CHECK (NOT complete OR relation IS NOT NULL),
        ADD CONSTRAINT likeness_claim_consent
            CHECK (consent IN ('DENY_ALL', 'NAMED_CREATORS', 'SAFE_FOR_WORK_ONLY')),
        ADD CONSTRAINT likeness_claim_decided
            CHECK (status NOT IN ('UPHELD', 'REJECTED') OR (decided_at IS NOT NULL AND decided_by IS NOT NULL)),
        ADD CONSTRAINT likeness_claim_upheld CHECK (status <> 'UPHELD' OR person_id IS NOT NULL),
        ADD CONSTRAINT likeness_claim_withdrawn CHECK ((status = 'WITHDRAWN') = (withdrawn_at IS NOT NULL)),
        ADD CONSTRAINT likeness_claim_person FOREIGN KEY (person_id) REFERENCES registered_person (id),
        ADD CONSTRAINT likeness_claim_about FOREIGN KEY (about) REFERENCES likeness_claim (id),
        ADD CONSTRAINT likeness_claim_account FOREIGN KEY (account_id) REFERENCES account (id),
        ADD CONSTRAINT likeness_claim_decided_by FOREIGN KEY (decided_by) REFERENCES account (id)
    """,
    "CREATE UNIQUE INDEX likeness_claim_case_code ON likeness_claim (case_code)",
    "CREATE INDEX likeness_claim_name_key ON likeness_claim (name_key, id)",
    "CREATE INDEX likeness_claim_person ON likeness_claim (person_id) WHERE status = 'UPHELD'",
    "CREATE INDEX likeness_claim_open ON likeness_claim (due_at) WHERE status IN ('RECEIVED', 'VERIFYING')",
    "CREATE INDEX likeness_claim_status ON likeness_claim (status, id)",
    """
    ALTER TABLE face_descriptor
        ADD CONSTRAINT face_descriptor_claim FOREIGN KEY (claim_id) REFERENCES likeness_claim (id),
        ADD CONSTRAINT face_descriptor_person FOREIGN KEY (person_id) REFERENCES registered_person (id)
    """,
    "CREATE INDEX face_descriptor_claim ON face_descriptor (claim_id)",
    "CREATE INDEX face_descriptor_person ON face_descriptor (person_id) WHERE person_id IS NOT NULL",
    """
    ALTER TABLE blocked_file
        ADD CONSTRAINT blocked_file_claim FOREIGN KEY (claim_id) REFERENCES likeness_claim (id)
    """,
    "CREATE INDEX blocked_file_claim ON blocked_file (claim_id) WHERE claim_id IS NOT NULL",
    """
    ALTER TABLE claim_affected
        ADD CONSTRAINT claim_affected_claim FOREIGN KEY (claim_id) REFERENCES likeness_claim (id),
        ADD CONSTRAINT claim_affected_action
            CHECK (action IN ('NONE', 'HELD', 'DISABLED', 'REMOVED', 'RESTORED'))
    """,
    "CREATE UNIQUE INDEX claim_affected_once ON claim_affected (claim_id, subject_kind, subject_id)",
    "CREATE INDEX claim_affected_subject ON claim_affected (subject_kind, subject_id)",
    "ALTER TABLE claim_letter ADD CONSTRAINT claim_letter_claim FOREIGN KEY (claim_id) REFERENCES likeness_claim (id)",
    "CREATE INDEX claim_letter_due ON claim_letter (not_before) WHERE sent_at IS NULL AND given_up_at IS NULL",
    "ALTER TABLE intake_message ADD CONSTRAINT intake_message_claim FOREIGN KEY (claim_id) REFERENCES likeness_claim (id)",
    "CREATE UNIQUE INDEX intake_message_digest ON intake_message (digest)",
    "CREATE INDEX intake_message_problem ON intake_message (id) WHERE problem IS NOT NULL",
    "CREATE INDEX spent_proof_expiry ON spent_proof (expires_at)",
    "CREATE UNIQUE INDEX throttled_claim_day ON throttled_claim (on_day, rule, address_hash)",
)


async def forwards():
    manager = MigrationManager(migration_id=ID, app_name="likeness", description=DESCRIPTION)

    async def run():
        for statement in STATEMENTS:
            await engine_finder().run_ddl(statement)

    manager.add_raw(run)
    return manager
