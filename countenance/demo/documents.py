"""The GraphQL documents that the demonstration sends."""

_ERROR = "... on UserError { message }"

SIGN_UP = (
    "mutation ($input: SignUpInput!) { signUp(input: $input) "
    f"{{ __typename ... on SignUpSuccess {{ session {{ account {{ id }} }} }} {_ERROR} }} }}"
)
SIGN_IN = (
    "mutation ($input: SignInInput!) { signIn(input: $input) "
    f"{{ __typename ... on SignInSuccess {{ session {{ token account {{ id handle role }} }} }} {_ERROR} }} }}"
)
PURSE = "{ viewer { purse { available escrowed } } }"
CHECKPOINTS = (
    "query ($search: String) { resources(filter: { kind: CHECKPOINT, search: $search }) "
    "{ edges { node { id title description generation { allowed } } } } }"
)

DRAFT = (
    "mutation ($input: ResourceDraftInput!) { resourceDraft(input: $input) "
    f"{{ __typename ... on ResourceDraftSuccess {{ resource {{ id }} }} {_ERROR} }} }}"
)
UPLOAD = (
    "mutation ($input: UploadBeginInput!) { uploadBegin(input: $input) "
    f"{{ __typename ... on UploadBeginSuccess {{ ticket {{ url }} }} {_ERROR} }} }}"
)
SUBMIT = (
    "mutation ($id: ID!) { resourceSubmit(resourceId: $id) "
    f"{{ __typename ... on ResourceSubmitSuccess {{ resource {{ status }} }} {_ERROR} }} }}"
)
RESOURCE_LIVE = """
subscription ($id: ID!) { resourceActivity(resourceId: $id) { cursor resync resource {
    status
    generation { allowed }
    files { hashes { algorithm value } scan { verdict findings { signal verdict detail person { displayName } } } }
    statementOfReasons { puid decisionGround decisionFacts }
} } }
"""
RESOURCE_PERSONS = """
query ($id: ID!) { resource(id: $id) { files { scan { findings { signal person { displayName } } } } } }
"""

_INPUT = "$input: GenerationInput!"
_FINDINGS = "... on LikenessRefusedError { findings { signal detail } }"
QUOTE = (
    f"mutation ({_INPUT}) {{ generationQuote(input: $input) {{ __typename ... on GenerationQuoteSuccess "
    f"{{ quote {{ cost queueLength estimatedSeconds }} }} {_ERROR} }} }}"
)
REQUEST = (
    f"mutation ({_INPUT}) {{ generationRequest(input: $input) {{ __typename ... on GenerationRequestSuccess "
    f"{{ job {{ id status queuePosition }} }} {_ERROR} {_FINDINGS} }} }}"
)
JOB_LIVE = """
subscription ($id: ID!) { generationProgress(jobId: $id) { cursor resync job {
    status error charged progress { step steps image quantity preview } images { url seed sha256 width height }
} } }
"""

BOUNTY_OPEN = (
    "mutation ($input: BountyOpenInput!) { bountyOpen(input: $input) "
    f"{{ __typename ... on BountyOpenSuccess {{ bounty {{ id pot status }} }} {_ERROR} }} }}"
)
BOUNTY_PLEDGE = (
    "mutation ($id: ID!, $amount: Credits!) { bountyPledge(bountyId: $id, amount: $amount) "
    f"{{ __typename ... on BountyPledgeSuccess {{ bounty {{ pot }} }} {_ERROR} }} }}"
)
ENTRY_DRAFT = (
    "mutation ($input: EntryDraftInput!) { entryDraft(input: $input) "
    f"{{ __typename ... on EntryDraftSuccess {{ entry {{ id }} }} {_ERROR} }} }}"
)
ENTRY_SUBMIT = (
    "mutation ($id: ID!) { entrySubmit(entryId: $id) "
    f"{{ __typename ... on EntrySubmitSuccess {{ entry {{ status }} }} {_ERROR} }} }}"
)
BOUNTY_AWARD = (
    "mutation ($id: ID!, $entry: ID!) { bountyAward(bountyId: $id, entryId: $entry) "
    f"{{ __typename ... on BountyAwardSuccess {{ bounty {{ status pot }} }} {_ERROR} }} }}"
)
INBOX_LIVE = "subscription { inbox { cursor resync kind message subject { id ... on BountyEntry { status } } } }"
BOUNTY_LIVE = "subscription { bountyFeed { cursor resync kind bounty { id status pot entryCount } } }"
OUTCOME = """
query ($id: ID!) { node(id: $id) { ... on BountyEntry { id outcome { files { name sizeBytes sha256 downloadUrl } } } } }
"""
