"""A post on a social platform: drafted here, or collected from where it was published."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.shared import clock
from domain.shared.content import Content
from domain.shared.known import differs, say, with_known
from domain.shared.peers import Claim, PeerRef, peer_refs, usable_peer
from domain.shared.record import Origin, peers_of
from domain.shared.values import Count, Id, Language, Line, Moment, Text, Url
from domain.social.publication import require_own
from domain.social.reactions import Reactions
from domain.social.social_account_terms import Handle
from domain.social.social_post_terms import (
    Attachment,
    Attachments,
    Composition,
    ContentWarning,
    Hashtags,
    Mention,
    Mentions,
    Poll,
    PollMissing,
    PollVotedOn,
    PostKind,
    PostPlace,
    PostState,
    PostVisibility,
    Published,
    Reference,
    ReferenceMissing,
    RepostHasContent,
    require_sound_parts,
)


class SocialPost(Reactions):
    """Something said in public, or to some."""

    KIND: ClassVar[str] = "social_post"

    kind: PostKind
    text: str
    title: str = ""
    html: str = ""
    language: str | None = None
    content_warning: str = ""
    sensitive: bool = False
    visibility: PostVisibility = PostVisibility.PUBLIC
    in_reply_to_id: UUID | None = None
    in_reply_to_uri: str | None = None
    in_reply_to_account: str | None = None
    thread_root_uri: str | None = None
    quoted_uri: str | None = None
    reposted_uri: str | None = None
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Mention, ...] = ()
    hashtags: tuple[str, ...] = ()
    poll: Poll | None = None
    place: PostPlace | None = None
    edited_at: datetime | None = None
    likes: int | None = None
    reposts: int | None = None
    replies: int | None = None
    views: int | None = None
    counted_at: datetime | None = None

    class Event(Reactions.Event):
        """Any event of a social post."""

    class Drafted(Event, Content.Created, Composition, Reference):
        TOPIC = "social_post.drafted"

    class Collected(Event, Content.Created, Published):
        TOPIC = "social_post.collected"
        state: PostState

    class Revised(Event, Composition):
        TOPIC = "social_post.revised"
        social_account_id: UUID | None

    class Edited(Event, Composition):
        TOPIC = "social_post.edited"
        edited_at: datetime

        def apply(self, post: SocialPost) -> None:
            if self.text != post.text:
                post.html = ""  # it was the markup of the former text
            super().apply(post)
            post.state = PostState.EDITED

    class ReplyAttributed(Event):
        TOPIC = "social_post.reply_attributed"
        in_reply_to_account: str

    class CountsRecorded(Event):
        TOPIC = "social_post.counts_recorded"
        likes: int | None
        reposts: int | None
        replies: int | None
        views: int | None
        counted_at: datetime

    @classmethod
    def draft(
        cls,
        origin: Origin,
        text: Text,
        *,
        kind: PostKind = PostKind.NOTE,
        social_account_id: Id | None = None,
        in_reply_to_id: Id | None = None,
        in_reply_to_uri: Url | None = None,
        thread_root_uri: Url | None = None,
        quoted_uri: Url | None = None,
        reposted_uri: Url | None = None,
        title: Line = "",
        language: Language | None = None,
        content_warning: ContentWarning = "",
        sensitive: bool = False,
        visibility: PostVisibility = PostVisibility.PUBLIC,
        attachments: Attachments = (),
        mentions: Mentions = (),
        hashtags: Hashtags = (),
        poll: Poll | None = None,
        place: PostPlace | None = None,
    ) -> SocialPost:
        """Begin a post of one's own; the account may be chosen until it is published."""
        require_own(origin.peers, social_account_id)
        if in_reply_to_id is not None:
            usable_peer(origin.peers, SocialPost, in_reply_to_id)
        _require_references(kind, in_reply_to_id or in_reply_to_uri, quoted_uri, reposted_uri)
        _require_content(kind, text or title, attachments, poll)
        require_sound_parts(poll, place)
        return cls._begin(
            origin,
            cls.Drafted,
            text=text,
            kind=kind,
            social_account_id=social_account_id,
            in_reply_to_id=in_reply_to_id,
            in_reply_to_uri=in_reply_to_uri,
            thread_root_uri=thread_root_uri,
            quoted_uri=quoted_uri,
            reposted_uri=reposted_uri,
            title=title,
            language=language,
            content_warning=content_warning,
            sensitive=sensitive,
            visibility=visibility,
            attachments=attachments,
            mentions=mentions,
            hashtags=hashtags,
            poll=poll,
            place=place,
        )

    @classmethod
    def collect(
        cls,
        origin: Origin,
        text: Text,
        *,
        kind: PostKind = PostKind.NOTE,
        social_account_id: Id | None = None,
        in_reply_to_id: Id | None = None,
        in_reply_to_uri: Url | None = None,
        thread_root_uri: Url | None = None,
        quoted_uri: Url | None = None,
        reposted_uri: Url | None = None,
        title: Line = "",
        language: Language | None = None,
        content_warning: ContentWarning = "",
        sensitive: bool = False,
        visibility: PostVisibility = PostVisibility.PUBLIC,
        attachments: Attachments = (),
        mentions: Mentions = (),
        hashtags: Hashtags = (),
        poll: Poll | None = None,
        place: PostPlace | None = None,
        html: Text = "",
        published_at: Moment | None = None,
        edited_at: Moment | None = None,
        url: Url | None = None,
        canonical_uri: Url | None = None,
        likes: Count | None = None,
        reposts: Count | None = None,
        replies: Count | None = None,
        views: Count | None = None,
        counted_at: Moment | None = None,
        liked: bool = False,
        bookmarked: bool = False,
    ) -> SocialPost:
        """Keep a post that is published already; a repost has a text only where its source sent one."""
        _require_references(kind, in_reply_to_id or in_reply_to_uri, quoted_uri, reposted_uri)
        require_sound_parts(poll, place)
        return cls._begin(
            origin,
            cls.Collected,
            text=text,
            kind=kind,
            social_account_id=social_account_id,
            in_reply_to_id=in_reply_to_id,
            in_reply_to_uri=in_reply_to_uri,
            thread_root_uri=thread_root_uri,
            quoted_uri=quoted_uri,
            reposted_uri=reposted_uri,
            title=title,
            language=language,
            content_warning=content_warning,
            sensitive=sensitive,
            visibility=visibility,
            attachments=attachments,
            mentions=mentions,
            hashtags=hashtags,
            poll=poll,
            place=place,
            html=html,
            published_at=published_at,
            edited_at=edited_at,
            url=url,
            canonical_uri=canonical_uri,
            likes=likes,
            reposts=reposts,
            replies=replies,
            views=views,
            counted_at=counted_at,
            liked=liked,
            bookmarked=bookmarked,
            state=PostState.EDITED if edited_at else PostState.PUBLISHED,
        )

    def revise(
        self,
        text: Text | None = None,
        *,
        social_account_id: Id | None = None,
        title: Line | None = None,
        language: Language | None = None,
        content_warning: ContentWarning | None = None,
        sensitive: bool | None = None,
        visibility: PostVisibility | None = None,
        attachments: Attachments | None = None,
        mentions: Mentions | None = None,
        hashtags: Hashtags | None = None,
        poll: Poll | None = None,
        place: PostPlace | None = None,
    ) -> None:
        """Change a post before it is published; what is left out stays as it is."""
        self._require_unpublished()
        require_own(peers_of(self), social_account_id)
        require_sound_parts(poll, place)
        content = with_known(
            self,
            text=text,
            social_account_id=social_account_id,
            title=title,
            language=language,
            content_warning=content_warning,
            sensitive=sensitive,
            visibility=visibility,
            attachments=attachments,
            mentions=mentions,
            hashtags=hashtags,
            poll=poll,
            place=place,
        )
        if differs(self, content):
            _require_content(
                self.kind, content["text"] or content["title"], content["attachments"], content["poll"]
            )
            self.trigger_event(SocialPost.Revised, **content)

    def edit(
        self,
        text: Text | None = None,
        *,
        title: Line | None = None,
        language: Language | None = None,
        content_warning: ContentWarning | None = None,
        sensitive: bool | None = None,
        visibility: PostVisibility | None = None,
        attachments: Attachments | None = None,
        mentions: Mentions | None = None,
        hashtags: Hashtags | None = None,
        poll: Poll | None = None,
        place: PostPlace | None = None,
        edited_at: Moment | None = None,
    ) -> None:
        """Change a published post; what is left out stays as it is, what it said before stays in the ledger."""
        self._require_published()
        require_sound_parts(poll, place)
        content = with_known(
            self,
            text=text,
            title=title,
            language=language,
            content_warning=content_warning,
            sensitive=sensitive,
            visibility=visibility,
            attachments=attachments,
            mentions=mentions,
            hashtags=hashtags,
            poll=poll,
            place=place,
        )
        if not differs(self, content):
            return
        _require_content(
            self.kind, content["text"] or content["title"], content["attachments"], content["poll"]
        )
        if self.poll is not None and self.poll.voted_on and content["poll"] != self.poll:
            raise PollVotedOn
        self.trigger_event(SocialPost.Edited, **content, edited_at=edited_at or clock.now())

    def attribute_reply(self, account: Handle) -> None:
        """Say by its handle which account the post answers; raises ReferenceMissing where it answers none."""
        if self.in_reply_to_id is None and self.in_reply_to_uri is None:
            raise ReferenceMissing
        say(self, SocialPost.ReplyAttributed, in_reply_to_account=account)

    def record_counts(
        self,
        likes: Count | None = None,
        *,
        reposts: Count | None = None,
        replies: Count | None = None,
        views: Count | None = None,
        counted_at: Moment | None = None,
    ) -> None:
        """Keep what the platform counts now; what is left out stays as it is."""
        self._require_published()
        counts = with_known(self, likes=likes, reposts=reposts, replies=replies, views=views)
        if differs(self, counts):
            self.trigger_event(SocialPost.CountsRecorded, **counts, counted_at=counted_at or clock.now())

    @property
    def claims(self) -> frozenset[Claim]:
        """One record for each published post, whichever way it was collected, be it in the trash."""
        if self.canonical_uri is None:
            return frozenset()
        return frozenset({Claim("social_post.uri", self.canonical_uri)})

    @property
    def named_peers(self) -> frozenset[PeerRef]:
        media = peer_refs("media", *(each.media_id for each in self.attachments))
        contacts = peer_refs("contact", *(each.contact_id for each in self.mentions))
        author = peer_refs("social_account", self.social_account_id)
        return media | contacts | author | peer_refs("social_post", self.in_reply_to_id)


def _require_references(kind: PostKind, reply: object, quoted: str | None, reposted: str | None) -> None:
    needed = {PostKind.REPLY: reply, PostKind.QUOTE: quoted, PostKind.REPOST: reposted}
    if kind in needed and needed[kind] is None:
        raise ReferenceMissing


def _require_content(kind: PostKind, words: object, attachments: object, poll: object) -> None:
    if kind is PostKind.REPOST and (words or attachments or poll):
        raise RepostHasContent
    if kind is PostKind.POLL and poll is None:
        raise PollMissing
