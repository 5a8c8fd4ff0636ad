#include "daemon/correlate/correlator.h"

#include <algorithm>
#include <utility>

#include "core/prefetch.h"
#include "daemon/correlate/link_rules.h"
#include "daemon/correlate/pending_codec.h"

namespace rastro {
namespace {

constexpr std::size_t kEvictionScanMax = 64;
constexpr std::size_t kDroppedPerFlush = 1'000;
constexpr std::size_t kReadAhead = 6;  // legs

void prefetch_texts(const LegRecord& leg) {
  for (const auto* text : {&leg.envelope_sender, &leg.message_id, &leg.accepted_tls}) {
    if (*text) prefetch((*text)->data(), (*text)->size());
  }
  prefetch(leg.submission.client.host.data(), leg.submission.client.host.size());
  prefetch(leg.lines.data(), leg.lines.size() * sizeof(LineRef));
  if (leg.recipients.empty()) return;
  prefetch(leg.recipients.data(), sizeof(LegRecipient));
}

// It may wait for its next attempt for hours, beside many others.
void give_back_memory(LegRecord& leg) {
  leg.timeline.shrink_to_fit();
  leg.lines.shrink_to_fit();
  leg.recipients.shrink_to_fit();
  leg.links.shrink_to_fit();
}

}  // namespace

Correlator::Correlator(CorrelatorOptions options, ClassifyReply classify, LegStore& store,
                       LegSink& sink)
    : options_(std::move(options)),
      updates_(options_.leg, std::move(classify)),
      store_(store),
      sink_(sink),
      legs_(options_.seed),
      inbound_(options_.seed, options_.sessions_max),
      outbound_(options_.seed, options_.sessions_max),
      refused_for_now_(options_.seed, options_.sessions_max),
      invocations_(options_.seed, options_.sessions_max),
      companions_(options_.seed, options_.sessions_max),
      logins_(options_.seed, options_.sessions_max) {}

void Correlator::apply(const LogLine& line, const Event& event) {
  clocks_.saw(line.header.host, line.header.logged_at);
  std::visit([&](const auto& what) { on(line, what); }, event);
}

// ---- finding legs

OpenLeg* Correlator::find(const LogLine& line, std::string_view queue_id) {
  auto* leg = legs_.find(line.header.host, line.mta, line.instance, queue_id);
  if (leg == nullptr && !evicted_.empty()) leg = find_evicted(line, queue_id);
  return leg != nullptr && is_over(line, leg->record) ? nullptr : leg;
}

// Whether the id is free for another message: by the log's time, not by what is still in memory, or
// a restart would change what lines mean. Exim's ids are not reused by its own clock.
bool Correlator::is_over(const LogLine& line, const LegRecord& leg) const {
  return line.mta != Mta::exim && !is_open(leg) &&
         line.header.logged_at - leg.last_activity_at > options_.closed_leg_linger;
}

OpenLeg* Correlator::find_evicted(const LogLine& line, std::string_view queue_id) {
  const auto evicted = evicted_.find(legs_.key_of(line.header.host, queue_id));
  if (evicted == evicted_.end()) return nullptr;
  auto record = store_.find_leg(evicted->second);
  const bool meant = record && record->host == line.header.host && record->mta == line.mta &&
                     record->queue_id == queue_id &&
                     (is_open(*record) || record->instance == line.instance);
  // Two instances may use one id at a time; the table has room for one.
  if (!meant) {
    record = store_.find_open_leg(line.header.host, line.mta, line.instance, queue_id);
    if (!record) return nullptr;
  }
  evicted_.erase(evicted);
  ++counters_.legs_reopened;
  auto& leg = insert(std::move(*record));
  note_if_closed(leg);
  return &leg;
}

OpenLeg& Correlator::insert(LegRecord&& record) {
  make_room();
  auto leg = legs_.blank();
  leg->record = std::move(record);
  return legs_.insert(std::move(leg));
}

// In the memory of a leg that is done with, which is dropped for it where none was.
std::unique_ptr<OpenLeg> Correlator::blank_leg(const LogLine& line) {
  if (!legs_.has_spare()) drop_closed();
  make_room();
  auto leg = legs_.blank();
  auto& record = leg->record;
  record.host = line.header.host;
  record.mta = line.mta;
  record.instance = line.instance;
  record.opened_at = line.header.logged_at;
  record.last_activity_at = line.header.logged_at;
  return leg;
}

OpenLeg& Correlator::open(const LogLine& line, std::string_view queue_id,
                          std::uint32_t generation) {
  auto leg = blank_leg(line);
  auto& record = leg->record;
  record.queue_id = queue_id;
  record.generation = generation;
  record.id =
      make_leg_id(record.host, record.mta, record.instance, queue_id, generation, record.opened_at);
  ++counters_.legs_opened;
  return legs_.insert(std::move(leg));
}

OpenLeg& Correlator::find_or_open(const LogLine& line, std::string_view queue_id) {
  auto* leg = find(line, queue_id);
  if (leg == nullptr) leg = &open(line, queue_id, 0);
  touch(*leg, line);
  return *leg;
}

namespace {

// A syslog daemon with two rules for one file writes each line twice.
bool is_told_twice(const LegRecord& leg, const LogLine& line, const Arrival& event) {
  if (!is_open(leg) || leg.opened_at != line.header.logged_at) return false;
  if (event.uid) return leg.submission.uid == event.uid;
  return !leg.accepted && leg.submission.client.ip == event.client.ip && !event.client.ip.empty();
}

// An Exim id is its host's time, process and count: a clock that was set back, a machine that was
// restored or another host whose log stands in the same file has it again. Behind "Completed", a
// minute later at least and from somebody else, it is another message; the same line again is a
// copy of the log.
bool is_another_of_exims(const LegRecord& leg, const LogLine& line, const Arrival& event) {
  constexpr auto kSameMax = std::chrono::minutes(1);
  if (is_open(leg) || !leg.arrival_seen || !leg.accepted) return false;
  if (line.header.logged_at - leg.last_activity_at < kSameMax) return false;
  const bool same_sender =
      leg.envelope_sender.has_value() == event.envelope_sender.has_value() &&
      (!event.envelope_sender || *leg.envelope_sender == *event.envelope_sender);
  const bool same_id = leg.message_id.has_value() == event.message_id.has_value() &&
                       (!event.message_id || *leg.message_id == *event.message_id);
  return !same_sender || !same_id || leg.size_bytes != event.size_bytes;
}

}  // namespace

// A new arrival under an id whose message has ended, or has already arrived, is a new message:
// short Postfix ids are reused within a minute (PITFALLS 9).
OpenLeg& Correlator::leg_for_arrival(const LogLine& line, const Arrival& event) {
  auto* known = find(line, event.queue_id);
  if (known == nullptr) return open(line, event.queue_id, 0);
  if (line.mta == Mta::exim && !is_another_of_exims(known->record, line, event)) return *known;
  const bool free = line.mta != Mta::exim && is_open(known->record) &&
                    !known->record.arrival_seen &&
                    line.header.logged_at - known->record.opened_at < options_.closed_leg_linger;
  const bool twice = line.mta != Mta::exim && is_told_twice(known->record, line, event);
  if (free || twice) return *known;
  if (is_open(known->record)) {
    // Its end stood in lines that we do not have.
    end_waiting_recipients(known->record, Outcome::unknown, UnknownBecause::hole);
    known->record.closed_at = line.header.logged_at;
    mark_dirty(*known);
    note_if_closed(*known);
  }
  return open(line, event.queue_id, known->record.generation + 1);
}

OpenLeg* Correlator::reopen(LegHandle handle) {
  if (auto* leg = legs_.find(handle)) return leg;
  auto record = store_.find_leg(handle.id);
  if (!record) return nullptr;
  // A handle that came back from `pending` has no key: the leg may be in memory all the same.
  const auto name = record->queue_id.empty() ? std::to_string(record->id) : record->queue_id;
  const auto key = legs_.key_of(record->host, name);
  if (auto* leg = legs_.find(LegHandle{key, handle.id})) return leg;
  evicted_.erase(key);
  ++counters_.legs_reopened;
  auto& leg = insert(std::move(*record));
  note_if_closed(leg);
  return &leg;
}

void Correlator::touch(OpenLeg& leg, const LogLine& line) {
  auto& record = leg.record;
  record.last_activity_at = std::max(record.last_activity_at, line.header.logged_at);
  record.opened_at = std::min(record.opened_at, line.header.logged_at);
  add_line(leg, line.ref);
  mark_dirty(leg);
}

void Correlator::add_lines(OpenLeg& leg, const Session& session) {
  for (const auto ref : session.lines) {
    const auto& had = leg.record.lines;
    if (std::ranges::find(had, ref) == had.end()) add_line(leg, ref);
  }
}

void Correlator::add_line(OpenLeg& leg, LineRef ref) {
  if (leg.lines_total >= options_.leg.evidence_lines_max) {
    ++counters_.values_refused;
    return;
  }
  ++leg.lines_total;
  leg.record.lines.push_back(ref);
}

void Correlator::mark_dirty(OpenLeg& leg) {
  if (leg.dirty) return;
  // Only legs that are in the store can be evicted: their order by flushes is order enough.
  legs_.touch(leg);
  leg.dirty = true;
  dirty_.push_back(&leg);
}

void Correlator::note_if_closed(OpenLeg& leg) {
  if (!is_open(leg.record)) closed_.push_back({leg.handle(), leg.record.last_activity_at, &leg});
}

void Correlator::link(OpenLeg& leg, LegLink&& link) {
  if (!add_link(leg.record, std::move(link), options_.leg.links_max)) ++counters_.values_refused;
  mark_dirty(leg);
}

// ---- handing over, forgetting

void Correlator::hand_over(OpenLeg& leg) {
  leg.dirty = false;
  leg.stored = true;
  leg.flush_number = flushes_;
  sink_.on_leg(leg.record);
  leg.record.timeline.clear();
  leg.record.lines.clear();
  if (is_open(leg.record)) give_back_memory(leg.record);
  ++counters_.versions;
}

std::uint64_t Correlator::flush() {
  ++flushes_;
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    // They have been left alone for so long that they lie in memory, not in a cache.
    if (i + kReadAhead < dirty_.size()) prefetch(dirty_[i + kReadAhead], sizeof(OpenLeg));
    if (i + kReadAhead / 2 < dirty_.size()) prefetch_texts(dirty_[i + kReadAhead / 2]->record);
    hand_over(*dirty_[i]);
  }
  dirty_.clear();
  slowest_ = clocks_.slowest();
  for (auto& [prefix, sessions, silence_max] : session_tables()) {
    sessions->expire(slowest_ - silence_max, [&, table = sessions](const Session& over) {
      if (table == &inbound_) tell_of_remarks(over);
      if (table == &companions_) tell_of_companions_names(over);
    });
    // The ended ones first: a process that serves its next client already has its name again.
    for (const auto& name : sessions->take_ended()) {
      sink_.on_pending(std::string(prefix) + name, {});
    }
    sessions->for_each_changed([&](Session& session) {
      session.stored = true;
      sink_.on_pending(std::string(prefix) + session.name, encode_session(session));
    });
  }
  for (std::size_t i = 0; i < kDroppedPerFlush && drop_closed(); ++i) {
  }
  return flushes_;
}

// Drops the one that ended first, if its time has come.
bool Correlator::drop_closed() {
  while (!closed_.empty() && (closed_.front().at + options_.closed_leg_linger < slowest_ ||
                              closed_.size() > options_.open_legs_max)) {
    auto* leg = legs_.find(closed_.front().leg);
    // What the store has not committed yet cannot be found there.
    if (leg != nullptr && (leg->dirty || leg->flush_number > committed_)) return false;
    closed_.pop_front();
    if (closed_.size() > 1) prefetch(closed_[1].place, sizeof(OpenLeg));
    if (leg == nullptr || is_open(leg->record)) continue;
    legs_.erase(*leg);
    return true;
  }
  return false;
}

void Correlator::make_room() {
  while (legs_.size() >= options_.open_legs_max) {
    auto* leg = legs_.oldest();
    std::size_t looked_at = 0;
    while (leg != nullptr && (leg->dirty || leg->flush_number > committed_)) {
      leg = ++looked_at < kEvictionScanMax ? legs_.next_older_than(*leg) : nullptr;
    }
    if (leg == nullptr) return;  // all are on their way to the store: over the limit for a moment
    if (is_open(leg->record)) {
      ++counters_.legs_evicted;
      know_leg(leg->record);
    }
    legs_.erase(*leg);
  }
}

std::size_t Correlator::set_silent_aside() {
  std::size_t taken = 0;
  while (taken < kDroppedPerFlush && evicted_.size() < options_.evicted_legs_max) {
    auto* leg = legs_.oldest();
    if (leg == nullptr || leg->dirty || leg->flush_number > committed_) break;
    if (slowest_ - leg->record.last_activity_at < options_.open_leg_silence_max) break;
    if (is_open(leg->record)) know_leg(leg->record);
    legs_.erase(*leg);
    ++taken;
  }
  return taken;
}

void Correlator::know_leg(const LegRecord& leg) {
  if (leg.queue_id.empty()) return;  // a refused dialogue is found through its session
  if (evicted_.size() >= options_.evicted_legs_max) {
    ++counters_.evicted_forgotten;
    return;
  }
  evicted_[legs_.key_of(leg.host, leg.queue_id)] = leg.id;
  if (!leg.message_id || message_ids_.size() >= options_.sessions_max) return;
  // Beyond these the latest one that left memory is found.
  const auto key = legs_.message_id_key(*leg.message_id);
  for (std::uint64_t i = 0; i < kSameMessageIdKept; ++i) {
    auto& known = message_ids_[key + i];
    if (known != 0 && known != leg.id && i + 1 < kSameMessageIdKept) continue;
    known = leg.id;
    return;
  }
}

std::array<Correlator::SessionTable, 6> Correlator::session_tables() {
  return {{{"in:", &inbound_, options_.session_silence_max},
           {"out:", &outbound_, options_.session_silence_max},
           {"again:", &refused_for_now_, options_.retry_gap_max},
           {"call:", &invocations_, options_.invocation_gap},
           {"fact:", &companions_, options_.companion_gap},
           {"login:", &logins_, options_.session_silence_max}}};
}

void Correlator::restore_pending(std::string_view key, std::string_view value) {
  for (auto& [prefix, sessions, silence_max] : session_tables()) {
    if (!key.starts_with(prefix)) continue;
    Session restored;
    if (!decode_session(value, restored)) return;
    auto& session = sessions->open(key.substr(prefix.size()), restored.last_at);
    restored.take_place_of(session);
    session.stored = true;
    return;
  }
}

CorrelatorCounters Correlator::counters() const {
  auto counters = counters_;
  counters.sessions_evicted = inbound_.evicted() + outbound_.evicted() +
                              refused_for_now_.evicted() + invocations_.evicted() +
                              companions_.evicted() + logins_.evicted();
  counters.values_refused += updates_.refused();
  return counters;
}

}  // namespace rastro
