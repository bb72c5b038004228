"""What the gateway itself says: any content key, and the care card of a screening."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.content.store import ContentStore
from bot.dialogue.replies import Care, Reply, care_card, contact_list, contacts, render
from bot.screening.result import Screening
from bot.settings import Settings
from bot.store.models import Conversation


@dataclass(frozen=True)
class Voice:
    """Renders for one conversation: its language and region decide."""

    content: ContentStore
    settings: Settings

    def say(self, conversation: Conversation, key: str, **values: Any) -> list[Reply]:
        """The replies of a content key for this patient, and one more in `conversation.said`. Raises UnknownKey."""
        known = {
            "operator": self.settings.operator,
            "retention_days": self.settings.retention_days,
            "inactive_days": self.settings.inactive_days,
            "lifeline": contacts()["contacts"]["suicide_line"]["phone"],
            "address": self.settings.address,
        }
        times = conversation.said.get(key, 0)
        conversation.said = {**conversation.said, key: times + 1}
        return render(self.content, key, conversation.language, known | values, times, conversation.channel)

    def card(self, conversation: Conversation, screening: Screening) -> Reply:
        """The care card of a screening that alarms."""
        flags, level = list(screening.flags), screening.level
        return care_card(self.content, flags, level, conversation.language, conversation.region, screening.relative)

    def closed(self, conversation: Conversation) -> list[Reply]:
        """The fixed emergency card of the kill switch."""
        replies = self.say(conversation, "system/closed")
        contacts = contact_list(["emergency", "own_region_line"], conversation.language, conversation.region)
        replies[0].care = Care(level="emergency", flags=[], contacts=contacts)
        return replies
