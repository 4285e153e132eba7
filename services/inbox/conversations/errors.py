"""What can be in the way of a command to a conversation.

NotAllowedNow
├── ConversationDone  conversation_done
├── MemberAbsent      member_absent
└── NoAccess          member_has_no_access
InvalidRequest
└── UnknownMember     unknown_member
"""

from __future__ import annotations

from shared.errors import N_, InvalidRequest, NotAllowedNow

__all__ = ["ConversationDone", "MemberAbsent", "NoAccess", "UnknownMember"]


class ConversationDone(NotAllowedNow):
    code = "conversation_done"
    title = N_("The conversation is done")
    detail = N_("Nobody needs to have it while it is done.")
    remedy = N_("Open it again first.")


class MemberAbsent(NotAllowedNow):
    code = "member_absent"
    title = N_("The member is away")
    detail = N_("{member} is away and cannot have an open conversation.")
    remedy = N_("Choose somebody who is present.")


class NoAccess(NotAllowedNow):
    code = "member_has_no_access"
    title = N_("The member has no access to this client")
    detail = N_("{member} does not work for this client.")
    remedy = N_("Choose somebody who works for the client.")


class UnknownMember(InvalidRequest):
    code = "unknown_member"
    title = N_("There is no such member")
    remedy = N_("Choose somebody of the team.")
