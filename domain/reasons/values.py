"""What a statement of reasons says.

The fields, their limits and the stored words are those of the public database of statements of reasons kept under
article 24(5) of the Digital Services Act (https://transparency.dsa.ec.europa.eu/page/api-documentation), so that a
statement can be sent there as it stands.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain.kernel.ids import AccountId, StatementId, Subject, new_id

MAX_FACTS = 5000
MAX_GROUND = 500
MAX_EXPLANATION = 2000


class Visibility(StrEnum):
    """How the content's visibility was restricted."""

    REMOVED = "DECISION_VISIBILITY_CONTENT_REMOVED"
    DISABLED = "DECISION_VISIBILITY_CONTENT_DISABLED"
    DEMOTED = "DECISION_VISIBILITY_CONTENT_DEMOTED"
    AGE_RESTRICTED = "DECISION_VISIBILITY_CONTENT_AGE_RESTRICTED"
    INTERACTION_RESTRICTED = "DECISION_VISIBILITY_CONTENT_INTERACTION_RESTRICTED"
    LABELLED = "DECISION_VISIBILITY_CONTENT_LABELLED"
    OTHER = "DECISION_VISIBILITY_OTHER"


class Monetary(StrEnum):
    """How payments were restricted."""

    SUSPENSION = "DECISION_MONETARY_SUSPENSION"
    TERMINATION = "DECISION_MONETARY_TERMINATION"
    OTHER = "DECISION_MONETARY_OTHER"


class Provision(StrEnum):
    """How the service was restricted for the account."""

    PARTIAL_SUSPENSION = "DECISION_PROVISION_PARTIAL_SUSPENSION"
    TOTAL_SUSPENSION = "DECISION_PROVISION_TOTAL_SUSPENSION"
    PARTIAL_TERMINATION = "DECISION_PROVISION_PARTIAL_TERMINATION"
    TOTAL_TERMINATION = "DECISION_PROVISION_TOTAL_TERMINATION"


class AccountDecision(StrEnum):
    """What became of the account."""

    SUSPENDED = "DECISION_ACCOUNT_SUSPENDED"
    TERMINATED = "DECISION_ACCOUNT_TERMINATED"


class Ground(StrEnum):
    """Whether the law or the terms of the service are the ground."""

    ILLEGAL_CONTENT = "DECISION_GROUND_ILLEGAL_CONTENT"
    INCOMPATIBLE_CONTENT = "DECISION_GROUND_INCOMPATIBLE_CONTENT"


class ContentType(StrEnum):
    """What kind of content it is."""

    APP = "CONTENT_TYPE_APP"
    AUDIO = "CONTENT_TYPE_AUDIO"
    IMAGE = "CONTENT_TYPE_IMAGE"
    PRODUCT = "CONTENT_TYPE_PRODUCT"
    SYNTHETIC_MEDIA = "CONTENT_TYPE_SYNTHETIC_MEDIA"
    TEXT = "CONTENT_TYPE_TEXT"
    VIDEO = "CONTENT_TYPE_VIDEO"
    OTHER = "CONTENT_TYPE_OTHER"


class Category(StrEnum):
    """The kind of violation."""

    ANIMAL_WELFARE = "STATEMENT_CATEGORY_ANIMAL_WELFARE"
    CONSUMER_INFORMATION = "STATEMENT_CATEGORY_CONSUMER_INFORMATION"
    CYBER_VIOLENCE = "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    CYBER_VIOLENCE_AGAINST_WOMEN = "STATEMENT_CATEGORY_CYBER_VIOLENCE_AGAINST_WOMEN"
    DATA_PROTECTION_AND_PRIVACY = "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS"
    ILLEGAL_OR_HARMFUL_SPEECH = "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH"
    INTELLECTUAL_PROPERTY = "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS"
    CIVIC_DISCOURSE_OR_ELECTIONS = "STATEMENT_CATEGORY_NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS"
    NOT_SPECIFIED_NOTICE = "STATEMENT_CATEGORY_NOT_SPECIFIED_NOTICE"
    OTHER_VIOLATION = "STATEMENT_CATEGORY_OTHER_VIOLATION_TC"
    PROTECTION_OF_MINORS = "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    PUBLIC_SECURITY = "STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY"
    SCAMS_AND_FRAUD = "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"
    SELF_HARM = "STATEMENT_CATEGORY_SELF_HARM"
    UNSAFE_AND_PROHIBITED_PRODUCTS = "STATEMENT_CATEGORY_UNSAFE_AND_PROHIBITED_PRODUCTS"
    VIOLENCE = "STATEMENT_CATEGORY_VIOLENCE"


class Keyword(StrEnum):
    """What the violation is more exactly: the keywords that fit the misuse of a likeness."""

    DEEPFAKE = "KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE"
    DEEPFAKE_AGAINST_WOMEN = "KEYWORD_NON_CONSENSUAL_MATERIAL_DEEPFAKE_AGAINST_WOMEN"
    IMPERSONATION = "KEYWORD_IMPERSONATION_ACCOUNT_HIJACKING"
    BIOMETRIC_DATA_BREACH = "KEYWORD_BIOMETRIC_DATA_BREACH"
    RIGHT_TO_BE_FORGOTTEN = "KEYWORD_RIGHT_TO_BE_FORGOTTEN"


class Source(StrEnum):
    """What led to the decision: a notice, a trusted flagger's notice, another hint, or the service's own search."""

    NOTICE = "SOURCE_ARTICLE_16"
    TRUSTED_FLAGGER = "SOURCE_TRUSTED_FLAGGER"
    OTHER_NOTIFICATION = "SOURCE_TYPE_OTHER_NOTIFICATION"
    OWN_INITIATIVE = "SOURCE_VOLUNTARY"


class Automation(StrEnum):
    """How far the decision was made by machine."""

    FULLY = "AUTOMATED_DECISION_FULLY"
    PARTIALLY = "AUTOMATED_DECISION_PARTIALLY"
    NOT_AUTOMATED = "AUTOMATED_DECISION_NOT_AUTOMATED"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of reasons about one restriction of one subject.

    `owner_id` is the account that is restricted and may read it; None where a person without an account is told by
    another way. `facts` is at most 5,000 characters, `ground_reference` (the law's article or the rule's name) at most
    500 and `explanation` at most 2,000; at least one decision must be given. Raises ValueError otherwise.
    """

    subject: Subject
    owner_id: AccountId | None
    facts: str
    ground: Ground
    ground_reference: str
    explanation: str
    category: Category
    source: Source
    automated_detection: bool
    automated_decision: Automation
    content_date: datetime
    application_date: datetime
    visibility: tuple[Visibility, ...] = ()
    monetary: Monetary | None = None
    provision: Provision | None = None
    account: AccountDecision | None = None
    keywords: tuple[Keyword, ...] = ()
    content_types: tuple[ContentType, ...] = (ContentType.SYNTHETIC_MEDIA,)
    also_illegal: bool = False
    withdrawn_at: datetime | None = None
    id: StatementId = field(default_factory=lambda: StatementId(new_id()))

    def __post_init__(self) -> None:
        bounds = (
            ("facts", self.facts, MAX_FACTS),
            ("ground_reference", self.ground_reference, MAX_GROUND),
            ("explanation", self.explanation, MAX_EXPLANATION),
        )
        for name, text, most in bounds:
            if not 1 <= len(text) <= most:
                raise ValueError(f"A statement's {name} has 1 to {most} characters, not {len(text)}.")
        if not (self.visibility or self.monetary or self.provision or self.account):
            raise ValueError("A statement of reasons must say at least one decision.")
        if not self.content_types:
            raise ValueError("A statement of reasons must say what type of content it is about.")

    @property
    def puid(self) -> str:
        """The platform's unique identifier: letters, digits and hyphens, never used again."""
        return f"sor-{self.id.hex}"
