"""Drives a fresh server through the generated Python client: claim, team, delegation, pages, lost updates, problems."""

import os
import ssl
import uuid

from milton_client import AuthenticatedClient, Client
from milton_client.api.auth import sign_in_by_link, sign_out
from milton_client.api.delegations import (
    create_delegation,
    delete_delegation,
    get_delegation,
    list_delegations,
    offer_delegation,
    update_delegation,
)
from milton_client.api.me import get_me
from milton_client.api.teams import create_team
from milton_client.models import (
    Delegation,
    DelegationChanges,
    DelegationState,
    LinkSignIn,
    MyProfile,
    NewDelegation,
    Priority,
    Problem,
    SignedIn,
    Team,
    TeamName,
)
from milton_client.types import Unset

url = os.environ["MILTON_URL"]
authority = ssl.create_default_context(cafile=os.environ["MILTON_CA"])
stranger = Client(base_url=url, verify_ssl=authority)

token = os.environ["MILTON_CLAIM_URL"].partition("#")[2]
claimed = sign_in_by_link.sync(client=stranger, body=LinkSignIn(token=token, name="Pia"))
assert isinstance(claimed, SignedIn), claimed
milton = AuthenticatedClient(base_url=url, token=claimed.token, verify_ssl=authority)
me = get_me.sync(client=milton)
assert isinstance(me, MyProfile) and me.name == "Pia", me

team = create_team.sync(client=milton, body=TeamName(name="Ops"))
assert isinstance(team, Team), team
key = str(uuid.uuid4())
work = NewDelegation(title="Renew the lease", assignee_id=me.id, priority=Priority.HIGH)
made = create_delegation.sync_detailed(team.id, client=milton, body=work, idempotency_key=key)
again = create_delegation.sync_detailed(team.id, client=milton, body=work, idempotency_key=key)
assert isinstance(made.parsed, Delegation), made
assert again.parsed == made.parsed, "a repeated request is done once"
assert made.headers["location"] == f"/api/v1/teams/{team.id}/delegations/{made.parsed.id}"
for nth in (2, 3):
    create_delegation.sync(team.id, client=milton, body=NewDelegation(title=f"Work {nth}"))

titles, cursor = [], None
while True:
    page = list_delegations.sync(team.id, client=milton, limit=2, **({"cursor": cursor} if cursor else {}))
    assert page is not None and not isinstance(page, Problem), page
    titles += [delegation.title for delegation in page.items]
    if isinstance(page.next_cursor, Unset):
        break
    cursor = page.next_cursor
assert titles == ["Work 3", "Work 2", "Renew the lease"], titles

first = made.parsed
edited = update_delegation.sync(
    team.id, first.id, client=milton, body=DelegationChanges(priority=Priority.URGENT), if_match=first.etag
)
assert isinstance(edited, Delegation), edited
stale = update_delegation.sync(
    team.id, first.id, client=milton, body=DelegationChanges(title="Lost"), if_match=first.etag
)
assert isinstance(stale, Problem) and stale.status == 412, stale
offered = offer_delegation.sync(team.id, first.id, client=milton, if_match=edited.etag)
assert isinstance(offered, Delegation) and offered.state == DelegationState.OFFERED, offered

wrong = create_delegation.sync(team.id, client=milton, body=NewDelegation(title=""))
assert isinstance(wrong, Problem) and wrong.errors[0].pointer == "/title", wrong
assert delete_delegation.sync_detailed(team.id, first.id, client=milton).status_code == 204
gone = get_delegation.sync(team.id, first.id, client=milton)
assert isinstance(gone, Problem) and gone.status == 404, gone
sign_out.sync_detailed(client=milton)
ended = get_me.sync(client=milton)
assert isinstance(ended, Problem) and ended.type_ == "/problems/revoked-token", ended
print("the Python client drives the server")
