#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "core/journey.h"

namespace rastro {

// Which other leg an event names (DESIGN 5). Links are one-sided: the other leg need not be known,
// and what a peer claims counts only when the other leg's own log agrees.

// "(250 2.0.0 Ok: queued as ID)", "forwarded as ID".
std::optional<LegLink> link_of(const DeliveryAttempt& event, std::int32_t recipient, Time at);

// orig_queue_id=ID, pickup orig_id=ID, Exim R=ID. `parent` is the leg named, if it is in memory:
// Exim logs a delay warning exactly like a bounce, only the parent's state tells them apart.
std::optional<LegLink> link_of(const Arrival& event, const LegRecord* parent, Mta mta, Time at);

// The child's side of "PARENT: sender non-delivery notification: CHILD".
LegLink link_to_parent(const ChildAnnounced& event, Time at);
LegLink link_to_child(const ChildAnnounced& event, Time at);

// The entry in the parent's timeline that such a child was sent.
TimelineEntry sending_of(LegLink::Kind kind, std::string_view child_id, Time at);

// The newest notice about the parent was an automatic answer: its link is put right, its timeline
// when it is told. Returns the answer's id; empty if there was no notice within a minute.
std::string mark_answered(LegRecord& parent);

// Exim was about to say that it has frozen the message, and may have told its postmaster in the
// form of a bounce or warning just before (freeze_tell): the message was none to bounce or warn
// about.
bool is_told_to_postmaster(const LegRecord& frozen, Time at);

// The id that a filter behind us got for the message: "250 ... queued as ID". Empty: none.
std::string_view claimed_queue_id(std::string_view reply_text);

// The second in which the content of the message began to come, which its Exim id says.
std::optional<Time> reception_began(std::string_view exim_id);

// Whether a refusal at `refused_at` may belong to the dialogue in which Exim received `leg`: its id
// says when its content began to come.
bool within_reception(const LegRecord& leg, Time refused_at, Time received_at);

// Adds it unless it is there; false when `links_max` refuses it.
bool add_link(LegRecord& leg, LegLink&& link, std::size_t links_max);

}  // namespace rastro
