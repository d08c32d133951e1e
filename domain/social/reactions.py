"""The part of a social post that says what the person has done with it on its platform."""

from __future__ import annotations

from dataclasses import KW_ONLY

from domain.social.publication import Publication


class Reactions(Publication):
    """A published post that was liked, kept or passed on."""

    _: KW_ONLY
    liked: bool = False
    bookmarked: bool = False
    reposted: bool = False

    class Event(Publication.Event):
        """Any event of a social post."""

    class Liked(Event):
        TOPIC = "social_post.liked"

        def apply(self, post: Reactions) -> None:
            post.liked = True

    class Unliked(Event):
        TOPIC = "social_post.unliked"

        def apply(self, post: Reactions) -> None:
            post.liked = False

    class Bookmarked(Event):
        TOPIC = "social_post.bookmarked"

        def apply(self, post: Reactions) -> None:
            post.bookmarked = True

    class Unbookmarked(Event):
        TOPIC = "social_post.unbookmarked"

        def apply(self, post: Reactions) -> None:
            post.bookmarked = False

    class Reposted(Event):
        TOPIC = "social_post.reposted"

        def apply(self, post: Reactions) -> None:
            post.reposted = True

    class RepostUndone(Event):
        TOPIC = "social_post.repost_undone"

        def apply(self, post: Reactions) -> None:
            post.reposted = False

    def like(self) -> None:
        self._require_published()
        if not self.liked:
            self.trigger_event(self.Liked)

    def unlike(self) -> None:
        if self.liked:
            self.trigger_event(self.Unliked)

    def bookmark(self) -> None:
        self._require_published()
        if not self.bookmarked:
            self.trigger_event(self.Bookmarked)

    def unbookmark(self) -> None:
        if self.bookmarked:
            self.trigger_event(self.Unbookmarked)

    def repost(self) -> None:
        """Record that the person has passed the post on; the repost itself may be a record of its own."""
        self._require_published()
        if not self.reposted:
            self.trigger_event(self.Reposted)

    def undo_repost(self) -> None:
        if self.reposted:
            self.trigger_event(self.RepostUndone)
