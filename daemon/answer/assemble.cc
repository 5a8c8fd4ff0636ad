#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "core/address.h"
#include "core/ip_networks.h"
#include "daemon/answer/journey.h"
#include "daemon/answer/link_agreement.h"
#include "daemon/answer/unnamed.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

bool joins(LegLink::Kind kind) {
  return kind == LegLink::Kind::filter || kind == LegLink::Kind::forward ||
         kind == LegLink::Kind::requeue || kind == LegLink::Kind::hop ||
         kind == LegLink::Kind::session;
}

void count_end(JourneyLink& link, Outcome outcome) {
  if (!link.outcome) link.outcome = outcome;
  if (*link.outcome != outcome) link.outcome = Outcome::unknown;
  ++link.outcomes[outcome];
}

// Whether a recipient went to a filter on this host that does not say under which id it gave the
// message back: behind pipe(8), or by SMTP or LMTP to loopback (Proxmox' pmg-smtp-filter).
bool went_to_silent_filter(const LegRecord& leg, std::size_t recipient) {
  const auto& to = leg.recipients[recipient];
  if (to.outcome != Outcome::delivered || !to.last_attempt_at) return false;
  if (to.agent == "pipe") return true;
  // A pipe of Exim's has a name like any other local transport.
  if (leg.mta == Mta::exim) return to.relay.ip.empty() && !to.agent.empty();
  return (to.agent == "smtp" || to.agent == "lmtp") && is_loopback(to.relay.ip) &&
         std::ranges::none_of(leg.links, [&](const LegLink& link) {
           return link.direction == LegLink::Direction::child && link.claimed_by_peer &&
                  link.recipient == static_cast<std::int32_t>(recipient);
         });
}

// Whether a message may come from such a filter: by sendmail(1), from loopback, or by a client that
// spoke for another one.
bool may_come_from_filter(const LegRecord& leg) {
  return leg.submission.method == SubmissionMethod::local ||
         is_loopback(leg.submission.client.ip) ||
         (leg.internal && leg.submission.method == SubmissionMethod::mx);
}

// A filter gives the message back by sendmail(1) or SMTP and its log names no other id, but both
// legs have the Message-ID, the sender and the recipient, and the child came while the parent's
// recipient was being handed over. Returns when that was, for the nearest parent wins.
std::optional<Duration> reinjected_after(const LegRecord& parent, std::size_t recipient,
                                         const LegRecord& child) {
  const auto& handed_over = parent.recipients[recipient];
  if (parent.id == child.id || parent.host != child.host || parent.mta != child.mta ||
      parent.message_id != child.message_id || parent.envelope_sender != child.envelope_sender ||
      !may_come_from_filter(child) || !names_address(child, handed_over.recipient) ||
      !went_to_silent_filter(parent, recipient) || !handed_over.last_attempt_at) {
    return std::nullopt;
  }
  const auto apart = *handed_over.last_attempt_at - child.opened_at;
  if (child.opened_at < parent.opened_at || apart < -seconds(5)) return std::nullopt;
  return apart < Duration(0) ? -apart : apart;
}

// Whether `from` says that its message went on, over whichever legs, to `to`.
bool leads_to(const LegRecord& from, const LegRecord& to, const std::vector<LegRecord>& legs,
              int steps = 4) {
  return std::ranges::any_of(from.links, [&](const LegLink& link) {
    if (link.direction != LegLink::Direction::child) return false;
    return std::ranges::any_of(legs, [&](const LegRecord& leg) {
      if (leg.queue_id != link.queue_id || leg.id == from.id) return false;
      return leg.id == to.id || (steps > 1 && leads_to(leg, to, legs, steps - 1));
    });
  });
}

// Whether Exim's system filter gave the message up: it names nobody, and the bounce looks like any
// report.
bool failed_by_filter(const LegRecord& leg) {
  return leg.recipients.empty() &&
         std::ranges::any_of(leg.timeline, [](const TimelineEntry& entry) {
           return entry.kind == TimelineEntry::Kind::note && entry.text == "system filter";
         });
}

// The recipient for whose mailbox that was: handed over when `child` came.
std::optional<std::size_t> sent_on_for(const LegRecord& parent, const LegRecord& child) {
  std::optional<std::size_t> nearest;
  auto least = Duration(seconds(5));
  for (std::size_t i = 0; i < parent.recipients.size(); ++i) {
    const auto& to = parent.recipients[i];
    if (to.outcome != Outcome::delivered || !to.last_attempt_at) continue;
    auto apart = *to.last_attempt_at - child.opened_at;
    if (apart < Duration(0)) apart = -apart;
    if (apart >= least) continue;
    least = apart;
    nearest = i;
  }
  return nearest;
}

struct Edge {
  std::size_t parent;
  std::size_t child;
  LegLink link;  // as the parent has it, or turned round
};

class Assembly {
 public:
  Assembly(StoreReader& store, AssemblyMemory& memory) : store_(store), memory_(memory) {}

  Result<std::optional<Journey>> run(std::uint64_t leg_id) {
    auto first = memory_.load(store_, leg_id);
    if (!first) return first.error();
    auto& leg = *first;
    if (!leg || leg->probe) return std::optional<Journey>();
    add(std::move(*leg));
    for (std::size_t next = 0; next < journey_.legs.size(); ++next) {
      if (auto done = follow(next); !done) return done.error();
    }
    finish();
    return std::optional<Journey>(std::move(journey_));
  }

 private:
  std::optional<std::size_t> add(LegRecord&& leg) {
    if (const auto known = index_.find(leg.id); known != index_.end()) return known->second;
    if (journey_.legs.size() >= Journey::kLegsMax) {
      journey_.cut = true;
      return std::nullopt;
    }
    index_[leg.id] = journey_.legs.size();
    journey_.legs.push_back(std::move(leg));
    return journey_.legs.size() - 1;
  }

  // What is linked to a leg and did not end long before it: agrees() asks for an hour at most, and
  // a link is written when the later one of the two is.
  Result<std::vector<std::uint64_t>> find_since(const LegRecord& leg, KeyKind kind,
                                                const std::string& value) {
    return memory_.find(store_, kind, value, leg.opened_at - hours(1));
  }

  Result<void> follow(std::size_t at) {
    // Copies: journey_.legs grows meanwhile.
    const auto links = journey_.legs[at].links;
    for (const auto& link : links) {
      if (auto done = follow_own(at, link); !done) return done.error();
    }
    if (auto done = follow_pipe(at); !done) return done.error();
    const auto queue_id = journey_.legs[at].queue_id;
    if (queue_id.empty()) return {};
    const auto others = find_since(journey_.legs[at], KeyKind::linked_queue_id, queue_id);
    if (!others) return others.error();
    for (const auto id : *others) {
      if (auto done = follow_back(at, id); !done) return done.error();
    }
    return {};
  }

  // Through a filter that leaves no trace of the id.
  Result<void> follow_pipe(std::size_t at) {
    const auto& leg = journey_.legs[at];
    if (leg.mta == Mta::none || !leg.message_id || leg.message_id->empty()) return {};
    bool filtered = may_come_from_filter(leg);
    for (std::size_t i = 0; i < leg.recipients.size(); ++i) {
      filtered = filtered || went_to_silent_filter(leg, i);
    }
    filtered = filtered || !sent_on_to(leg).empty();
    if (!filtered) return {};
    const auto ids = memory_.find(store_, KeyKind::message_id, *leg.message_id);
    if (!ids) return ids.error();
    std::vector<LegRecord> legs;
    for (const auto id : *ids) {
      auto loaded = memory_.load(store_, id);
      if (!loaded) return loaded.error();
      if (*loaded) legs.push_back(std::move(**loaded));
    }
    for (const auto& child : legs) {
      join_piped(journey_.legs[at].id, child, legs);
      join_sent_on(journey_.legs[at].id, child, legs);
    }
    return {};
  }

  // `child` and the parents of each of its recipients, if `around` is one of them.
  void join_piped(std::uint64_t around, const LegRecord& child,
                  const std::vector<LegRecord>& legs) {
    struct Match {
      Duration apart{};
      const LegRecord* parent = nullptr;
      std::size_t recipient = 0;
    };
    std::map<std::string, Match> nearest;
    for (const auto& parent : legs) {
      for (std::size_t i = 0; i < parent.recipients.size(); ++i) {
        const auto apart = reinjected_after(parent, i, child);
        if (!apart || leads_to(child, parent, legs)) continue;
        auto& best = nearest[parent.recipients[i].recipient];
        if (best.parent != nullptr && best.apart <= *apart) continue;
        best.apart = *apart;
        best.parent = &parent;
        best.recipient = i;
      }
    }
    for (const auto& one : nearest) {
      const auto& match = one.second;
      if (match.parent->id != around && child.id != around) continue;
      LegLink link;
      link.kind = LegLink::Kind::filter;
      link.queue_id = child.queue_id;
      link.recipient = static_cast<std::int32_t>(match.recipient);
      link.at = child.opened_at;
      auto parent = *match.parent;
      const auto index = add(std::move(parent));
      if (!index) continue;
      auto copy = child;
      join(*index, link, std::move(copy), true);
    }
  }

  // `child` is what a mailbox server sent on, under the Message-ID that it had.
  void join_sent_on(std::uint64_t around, const LegRecord& child,
                    const std::vector<LegRecord>& legs) {
    if (!may_come_from_filter(child)) return;
    for (const auto& parent : legs) {
      if (parent.id == child.id || (parent.id != around && child.id != around) ||
          parent.opened_at > child.opened_at) {
        continue;
      }
      const auto targets = sent_on_to(parent);
      if (std::ranges::none_of(targets, [&](const auto& to) { return names_address(child, to); }))
        continue;
      const auto recipient = sent_on_for(parent, child);
      if (!recipient) continue;
      LegLink link;
      link.kind = LegLink::Kind::forward;
      link.queue_id = child.queue_id;
      link.recipient = static_cast<std::int32_t>(*recipient);
      link.at = child.opened_at;
      auto copy_of_parent = parent;
      const auto index = add(std::move(copy_of_parent));
      if (!index) return;
      auto copy = child;
      join(*index, link, std::move(copy), true);
      return;
    }
  }

  Result<void> follow_own(std::size_t at, const LegLink& link) {
    const bool later = link.direction == LegLink::Direction::child;
    const auto ids = later ? find_since(journey_.legs[at], KeyKind::queue_id, link.queue_id)
                           : memory_.find(store_, KeyKind::queue_id, link.queue_id);
    if (!ids) return ids.error();
    struct Found {
      LegRecord leg;
      bool inferred = false;
    };
    std::vector<Found> found;
    for (const auto id : *ids) {
      auto other = memory_.load(store_, id);
      if (!other) return other.error();
      auto& leg = *other;
      bool inferred = false;
      if (!leg || !agrees(journey_.legs[at], link, *leg, inferred)) continue;
      found.push_back({std::move(*leg), inferred});
    }
    if (!link.claimed_by_peer && found.size() > 1) {
      const auto nearest = std::ranges::min_element(
          found, [&](const Found& a, const Found& b) { return is_nearer(link, a.leg, b.leg); });
      std::swap(found.front(), *nearest);
      found.resize(1);
    }
    for (auto& other : found) join(at, link, std::move(other.leg), other.inferred);
    if (found.empty() && (!joins(link.kind) || !link.claimed_by_peer))
      journey_.links.push_back({link, {}, {}, false});
    return {};
  }

  // Whether no other leg that had the queue id is nearer to what `from` names.
  Result<bool> is_nearest(const LegRecord& from, const LegLink& link, const LegRecord& leg) {
    if (link.claimed_by_peer) return true;
    const auto ids = find_since(leg, KeyKind::queue_id, link.queue_id);
    if (!ids) return ids.error();
    for (const auto id : *ids) {
      if (id == leg.id) continue;
      auto other = memory_.load(store_, id);
      if (!other) return other.error();
      const auto& rival = *other;
      bool inferred = false;
      if (rival && agrees(from, link, *rival, inferred) && is_nearer(link, *rival, leg))
        return false;
    }
    return true;
  }

  Result<void> follow_back(std::size_t at, std::uint64_t id) {
    if (index_.contains(id)) return {};
    auto other = memory_.load(store_, id);
    if (!other) return other.error();
    const auto& leg = *other;
    if (!leg) return {};
    for (const auto& link : leg->links) {
      bool inferred = false;
      if (!agrees(*leg, link, journey_.legs[at], inferred)) continue;
      const auto nearest = is_nearest(*leg, link, journey_.legs[at]);
      if (!nearest) return nearest.error();
      if (!*nearest) continue;
      auto turned = link;
      turned.direction = link.direction == LegLink::Direction::child ? LegLink::Direction::parent
                                                                     : LegLink::Direction::child;
      turned.queue_id = leg->queue_id;
      auto copy = *leg;
      join(at, turned, std::move(copy), inferred, link.recipient);
    }
    return {};
  }

  void join(std::size_t at, const LegLink& link, LegRecord&& other, bool inferred,
            std::int32_t recipient = -2) {
    JourneyLink shown{link, {}, {}, inferred};
    const auto other_id = other.id;
    if (!joins(link.kind)) {
      const auto& parent = link.direction == LegLink::Direction::child ? journey_.legs[at] : other;
      if (link.kind == LegLink::Kind::report && failed_by_filter(parent)) {
        shown.link.kind = LegLink::Kind::bounce;
      }
      shown.journey = other_id;
      for (const auto& r : other.recipients) {
        count_end(shown, r.outcome);
        if (link.kind != LegLink::Kind::retry || r.outcome == Outcome::rejected) continue;
        shown.taken.push_back(r.recipient);
        if (r.original_recipient) shown.taken.push_back(*r.original_recipient);
      }
      if (std::ranges::none_of(journey_.links, [&](const auto& l) {
            return l.journey == other_id && l.link.kind == shown.link.kind;
          })) {
        journey_.links.push_back(std::move(shown));
      }
      return;
    }
    const auto index = add(std::move(other));
    if (!index) return;
    Edge edge{at, *index, link};
    if (link.direction == LegLink::Direction::parent) std::swap(edge.parent, edge.child);
    if (recipient != -2) edge.link.recipient = recipient;
    const bool known = std::ranges::any_of(edges_, [&](const Edge& e) {
      return e.parent == edge.parent && e.child == edge.child &&
             e.link.recipient == edge.link.recipient;
    });
    if (!known) edges_.push_back(edge);
    if (std::ranges::none_of(journey_.links, [&](const auto& l) {
          return l.journey == other_id && l.link.kind == link.kind;
        })) {
      shown.journey = other_id;  // replaced by the journey's own id in finish()
      journey_.links.push_back(std::move(shown));
    }
  }

  // A filter of ours wanted to give the message back and was refused: what became of the
  // recipients, the leg says that the filter had it from.
  bool was_refused(const Edge& edge) const {
    if (edge.link.kind != LegLink::Kind::filter || edge.link.recipient >= 0) return false;
    const auto& child = journey_.legs[edge.child];
    return child.queue_id.empty() ||
           (!child.recipients.empty() &&
            std::ranges::all_of(child.recipients, [](const LegRecipient& recipient) {
              return recipient.outcome == Outcome::rejected;
            }));
  }

  // The same for one recipient of several: refused in the dialogue that took the others.
  bool was_refused(std::size_t leg, const LegRecipient& state) const {
    if (state.outcome != Outcome::rejected) return false;
    const auto handed_over = [&](std::size_t parent, std::int32_t recipient) {
      return std::ranges::any_of(edges_, [&](const Edge& e) {
        return e.parent == parent && e.child == leg &&
               (e.link.recipient < 0 || e.link.recipient == recipient);
      });
    };
    return std::ranges::any_of(edges_, [&](const Edge& edge) {
      if (edge.child != leg ||
          (edge.link.kind != LegLink::Kind::filter && edge.link.kind != LegLink::Kind::hop)) {
        return false;
      }
      const auto& known = journey_.legs[edge.parent].recipients;
      for (std::size_t i = 0; i < known.size(); ++i) {
        if (equal_ignoring_case(known[i].recipient, state.recipient))
          return !handed_over(edge.parent, static_cast<std::int32_t>(i));
      }
      return false;
    });
  }

  // Whether the child took over that recipient of the parent.
  bool passed_on(std::size_t leg, std::size_t recipient, std::vector<std::size_t>& children) const {
    for (const auto& edge : edges_) {
      if (edge.parent != leg || edge.link.kind == LegLink::Kind::session || was_refused(edge)) {
        continue;
      }
      const auto& state = journey_.legs[leg].recipients[recipient];
      const bool this_one = edge.link.recipient == static_cast<std::int32_t>(recipient);
      const bool all = edge.link.recipient < 0;
      // What was delivered before stays with the old id of a message that was requeued.
      if (edge.link.kind == LegLink::Kind::forward || edge.link.kind == LegLink::Kind::requeue) {
        if (this_one || (all && state.outcome == Outcome::passed)) children.push_back(edge.child);
      } else if (this_one || (all && (state.outcome == Outcome::passed ||
                                      state.outcome == Outcome::delivered))) {
        children.push_back(edge.child);
      }
    }
    return !children.empty();
  }

  void add_recipient(std::size_t leg, const LegRecipient& state, const LegRecipient* before) {
    JourneyRecipient out{state, leg};
    if (before != nullptr) {
      if (before->original_recipient) {
        out.state.original_recipient = before->original_recipient;
      } else if (!equal_ignoring_case(before->recipient, state.recipient)) {
        out.state.original_recipient = before->recipient;
      }
      if (before->dsn_original_recipient)
        out.state.dsn_original_recipient = before->dsn_original_recipient;
    }
    journey_.recipients.push_back(std::move(out));
  }

  void walk(std::size_t leg, const LegRecipient* before, std::set<std::size_t>& visited) {
    if (!visited.insert(leg).second) return;
    auto& recipients = journey_.legs[leg].recipients;
    const auto replaced = std::ranges::count_if(recipients, is_redirected);
    const bool by_nobody = replaced == std::ssize(recipients);  // no line has named the target yet
    if (before == nullptr && replaced == 1 && !by_nobody)
      before = &*std::ranges::find_if(recipients, is_redirected);
    for (std::size_t i = 0; i < recipients.size(); ++i) {
      if (was_refused(leg, recipients[i]) || (is_redirected(recipients[i]) && !by_nobody)) continue;
      if (recipients[i].outcome == Outcome::passed && recipients[i].agent == kRewriteAgent)
        continue;
      // A filter's or next hop's leg has the same address; only that one belongs to `before`.
      std::vector<std::size_t> children;
      const LegRecipient* origin = before;
      if (!passed_on(leg, i, children)) {
        add_recipient(leg, recipients[i], origin);
        continue;
      }
      if (recipients[i].outcome == Outcome::delivered &&
          std::ranges::any_of(edges_,
                              [&](const Edge& e) {
                                return e.parent == leg && e.link.kind == LegLink::Kind::forward &&
                                       e.link.recipient == static_cast<std::int32_t>(i);
                              }) &&
          (sent_on_to(journey_.legs[leg]).empty() || !recipients[i].folder.empty())) {
        add_recipient(leg, recipients[i], origin);  // kept a copy and forwarded one
      }
      const auto merged = with_origin(recipients[i], origin);
      for (const auto child : children) walk_child(leg, child, merged, origin, visited);
      if (!told_by(children, merged)) add_untold(children.back(), merged);
      recipients[i].outcome = recipients[i].outcome == Outcome::delivered &&
                                      recipients[i].delivered_to == DeliveredTo::mailbox
                                  ? Outcome::delivered
                                  : Outcome::passed;
    }
  }

  // What the child did for the recipient that its parent passed on.
  void walk_child(std::size_t parent, std::size_t child, const LegRecipient& passed,
                  const LegRecipient* origin, std::set<std::size_t>& visited) {
    const auto between = [&](LegLink::Kind kind) {
      return std::ranges::any_of(edges_, [&](const Edge& e) {
        return e.parent == parent && e.child == child && e.link.kind == kind;
      });
    };
    const bool forward = between(LegLink::Kind::forward);
    if (!forward && !visited.contains(child)) {
      hand_down(parent, child, origin, between(LegLink::Kind::requeue));
    }
    walk(child, forward ? &passed : nullptr, visited);
  }

  static LegRecipient with_origin(const LegRecipient& state, const LegRecipient* origin) {
    auto out = state;
    if (origin == nullptr) return out;
    if (origin->original_recipient) {
      out.original_recipient = origin->original_recipient;
    } else if (!out.original_recipient && !equal_ignoring_case(origin->recipient, out.recipient)) {
      out.original_recipient = origin->recipient;
    }
    return out;
  }

  // What is known of the recipients that `parent` passed on goes with them, however many legs they
  // still have before them.
  void hand_down(std::size_t parent, std::size_t child, const LegRecipient* origin, bool requeued) {
    for (const auto& state : journey_.legs[parent].recipients) {
      if (requeued && state.outcome != Outcome::passed) continue;
      const auto passed = with_origin(state, origin);
      for (auto& to : journey_.legs[child].recipients) {
        if (to.recipient != passed.recipient) continue;
        if (passed.original_recipient && !to.original_recipient)
          to.original_recipient = passed.original_recipient;
        if (!requeued) continue;  // a new id, but the same mail and the same queue
        to.attempts += passed.attempts;
        if (passed.first_attempt_at) to.first_attempt_at = passed.first_attempt_at;
      }
    }
  }

  // Exim's ACL for RCPT says whom it discards before the message has an id.
  bool was_discarded_before(std::size_t child, const LegRecipient& passed) const {
    return std::ranges::any_of(edges_, [&](const Edge& edge) {
      if (edge.link.kind != LegLink::Kind::session) return false;
      if (edge.parent != child && edge.child != child) return false;
      const auto& dialogue = journey_.legs[edge.parent == child ? edge.child : edge.parent];
      return std::ranges::any_of(dialogue.recipients, [&](const LegRecipient& recipient) {
        return recipient.outcome == Outcome::discarded &&
               equal_ignoring_case(recipient.recipient, passed.recipient);
      });
    });
  }

  // Whether any recipient of the journey stands for what was passed on to `children`.
  bool told_by(const std::vector<std::size_t>& children, const LegRecipient& passed) const {
    return std::ranges::any_of(children, [&](std::size_t child) {
      const auto& leg = journey_.legs[child];
      if (names_address(leg, passed.recipient) || was_discarded_before(child, passed)) return true;
      const auto known = leg.recipients.size();
      return known > 0 && known >= leg.recipient_count.value_or(0);  // an alias there
    });
  }

  // The next leg has it and has not named it yet.
  void add_untold(std::size_t child, const LegRecipient& passed) {
    const auto& leg = journey_.legs[child];
    LegRecipient untold;
    untold.recipient = passed.recipient;
    untold.outcome = leg.held ? Outcome::held : is_open(leg) ? Outcome::queued : Outcome::unknown;
    if (!is_open(leg)) untold.unknown_because = UnknownBecause::hole;
    add_recipient(child, untold, &passed);
  }

  // A program or file that was to get a copy of what is in the mailbox: no recipient of its own,
  // however it ended. The timeline tells of it.
  bool is_beside_mailbox(const JourneyRecipient& copy) const {
    const auto& to = copy.state.recipient;
    const auto& address = copy.state.original_recipient;
    if (!address || (!to.starts_with('|') && !to.starts_with('/'))) return false;
    return std::ranges::any_of(journey_.recipients, [&](const JourneyRecipient& other) {
      return other.leg == copy.leg && other.state.outcome == Outcome::delivered &&
             other.state.delivered_to == DeliveredTo::mailbox &&
             equal_ignoring_case(other.state.recipient, *address);
    });
  }

  void leave_out_copies() {
    if (journey_.recipients.size() < 2) return;
    std::vector<JourneyRecipient> own;
    for (const auto& one : journey_.recipients) {
      if (!is_beside_mailbox(one)) own.push_back(one);
    }
    if (own.size() < journey_.recipients.size()) journey_.recipients = std::move(own);
  }

  // The legs as the message took them: by arrival, but none before the one it came from, for clocks
  // differ between hosts and traditional stamps put a whole journey into one second.
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> waiting(journey_.legs.size());
    for (std::size_t i = 0; i < waiting.size(); ++i) waiting[i] = i;
    std::ranges::sort(waiting, [&](std::size_t a, std::size_t b) {
      return std::pair(journey_.legs[a].opened_at, journey_.legs[a].id) <
             std::pair(journey_.legs[b].opened_at, journey_.legs[b].id);
    });
    std::vector<std::size_t> order;
    while (!waiting.empty()) {
      const auto next = std::ranges::find_if(waiting, [&](std::size_t leg) {
        return std::ranges::none_of(edges_, [&](const Edge& edge) {
          return edge.child == leg && edge.parent != leg &&
                 edge.link.kind != LegLink::Kind::session &&
                 std::ranges::find(waiting, edge.parent) != waiting.end();
        });
      });
      const auto chosen = next == waiting.end() ? waiting.begin() : next;  // a loop
      order.push_back(*chosen);
      waiting.erase(chosen);
    }
    return order;
  }

  void finish() {
    std::set<std::size_t> children;
    for (const auto& edge : edges_) {
      if (edge.link.kind != LegLink::Kind::session) children.insert(edge.child);
    }
    std::set<std::size_t> visited;
    for (const auto& edge : edges_) {
      if (was_refused(edge)) visited.insert(edge.child);
    }
    for (std::size_t i = 0; i < journey_.legs.size(); ++i) {
      if (!children.contains(i)) walk(i, nullptr, visited);
    }
    for (std::size_t i = 0; i < journey_.legs.size(); ++i) walk(i, nullptr, visited);
    for (auto& recipient : journey_.recipients) {
      if (recipient.state.outcome != Outcome::passed) continue;
      const bool waits = is_redirected(recipient.state) && is_open(journey_.legs[recipient.leg]);
      // Passed to a leg whose log we do not have.
      recipient.state.outcome = waits ? Outcome::queued : Outcome::unknown;
      if (!waits) recipient.state.unknown_because = UnknownBecause::log_ends_before;
    }
    leave_out_copies();
    const auto order = in_order();
    std::vector<LegRecord> sorted;
    std::vector<std::size_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = i;
      sorted.push_back(std::move(journey_.legs[order[i]]));
    }
    journey_.legs = std::move(sorted);
    for (auto& recipient : journey_.recipients) recipient.leg = place[recipient.leg];
    journey_.unnamed = end_of_unnamed(journey_.legs);
    for (auto& link : journey_.links) {
      if (link.journey && index_.contains(*link.journey)) link.journey = journey_.id();
    }
  }

  StoreReader& store_;
  AssemblyMemory& memory_;
  Journey journey_;
  std::map<std::uint64_t, std::size_t> index_;
  std::vector<Edge> edges_;
};

bool is_handed_on(const LegLink& link) {
  return joins(link.kind) && link.kind != LegLink::Kind::session &&
         link.direction == LegLink::Direction::child;
}

// Whichever leg was asked for: the same answer to every question.
Result<std::optional<Journey>> from_first_leg(StoreReader& store, std::uint64_t leg_id,
                                              AssemblyMemory& memory) {
  auto assembled = Assembly(store, memory).run(leg_id);
  if (!assembled) return assembled;
  const auto& journey = *assembled;
  if (!journey || journey->id() == leg_id) return assembled;
  return Assembly(store, memory).run(journey->id());
}

bool is_in_a_hole(const LegRecipient& state) {
  return state.unknown_because == UnknownBecause::hole;
}

// What was taken before the first line that was read, as its id says, had its lines in an older
// log: nothing is missing in this one.
Result<void> tell_what_is_older(StoreReader& store, Journey& journey) {
  const bool any = (journey.unnamed && is_in_a_hole(journey.unnamed->state)) ||
                   std::ranges::any_of(journey.recipients, [](const JourneyRecipient& recipient) {
                     return is_in_a_hole(recipient.state);
                   });
  if (!any) return {};
  const auto sources = store.coverage();
  if (!sources) return sources.error();
  std::optional<Time> first;
  for (const auto& source : *sources) {
    if (source.from && (!first || *source.from < *first)) first = source.from;
  }
  if (!first) return {};
  const auto tell = [&](JourneyRecipient& recipient) {
    const auto& leg = journey.legs[recipient.leg];
    const bool older = !leg.arrival_seen && leg.accepted_at && *leg.accepted_at < *first;
    if (older && is_in_a_hole(recipient.state))
      recipient.state.unknown_because = UnknownBecause::log_starts_after;
  };
  std::ranges::for_each(journey.recipients, tell);
  if (journey.unnamed) tell(*journey.unnamed);
  return {};
}

}  // namespace

Result<std::optional<Journey>> assemble(StoreReader& store, std::uint64_t leg_id,
                                        AssemblyMemory& memory) {
  auto assembled = from_first_leg(store, leg_id, memory);
  if (!assembled) return assembled;
  auto& journey = *assembled;
  if (!journey) return assembled;
  if (const auto told = tell_what_is_older(store, *journey); !told) return told.error();
  for (auto& link : journey->links) {
    // What a bounce is about may have come through other legs; what is made here begins with
    // itself, and may go through others to its end.
    if (!link.journey || joins(link.link.kind)) continue;
    const bool may_be_behind_others =
        link.link.direction == LegLink::Direction::parent || link.link.kind == LegLink::Kind::retry;
    if (!may_be_behind_others) {
      const auto made = memory.load(store, *link.journey);
      if (!made) return made.error();
      const auto& leg = *made;
      if (!leg || std::ranges::none_of(leg->links, is_handed_on)) continue;
    }
    const auto found = Assembly(store, memory).run(*link.journey);
    if (!found) return found.error();
    const auto& other = *found;
    if (!other) continue;
    link.journey = other->id();
    if (may_be_behind_others) continue;
    link.outcome.reset();
    link.outcomes.clear();
    for (const auto& recipient : other->recipients) count_end(link, recipient.state.outcome);
  }
  return assembled;
}

Result<std::optional<Journey>> assemble(StoreReader& store, std::uint64_t leg_id) {
  AssemblyMemory memory;
  return assemble(store, leg_id, memory);
}

std::vector<std::string> sent_on_to(const LegRecord& leg) {
  std::vector<std::string> out;
  for (const auto& fact : leg.facts) {
    if (fact.name == "forwarded" && fact.source == "cyrus") out.push_back(fact.value);
    if (fact.name != "forwarded" || fact.source != "dovecot") continue;
    const auto open = fact.value.find('<');
    const auto close = fact.value.rfind('>');
    if (open == std::string::npos || close == std::string::npos || close < open) continue;
    out.push_back(fact.value.substr(open + 1, close - open - 1));
  }
  return out;
}

}  // namespace rastro
