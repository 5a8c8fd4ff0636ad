#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/journey.h"
#include "core/leg_store.h"
#include "daemon/correlate/host_clocks.h"
#include "daemon/correlate/leg_updates.h"
#include "daemon/correlate/open_legs.h"
#include "daemon/correlate/sessions.h"

namespace rastro {

struct CorrelatorOptions {
  LegLimits leg;
  std::size_t open_legs_max = 20'000;        // legs in memory; more are written out and found again
  std::size_t evicted_legs_max = 1'000'000;  // 16 bytes each
  std::size_t sessions_max = 20'000;
  Duration closed_leg_linger = std::chrono::seconds(60);     // of log time, for late lines
  Duration open_leg_silence_max = std::chrono::minutes(10);  // of log time; then read again at need
  Duration session_silence_max = std::chrono::hours(1);      // of log time
  Duration retry_gap_max = std::chrono::hours(24);           // refused for now, then accepted
  Duration unreached_gap_max = std::chrono::minutes(15);     // "connect to" line before its attempt
  Duration exim_dialogue_gap = std::chrono::seconds(60);     // Exim names no session: same client
  Duration invocation_gap = std::chrono::seconds(10);        // "cwd=" line before its "<="
  Duration companion_gap = std::chrono::minutes(5);          // a companion's line and the MTA's own
  std::uint64_t seed = 0;                                    // of the hashes; random in production
  std::function<bool(std::string_view ip)> is_webmail;       // configured clients; may be empty
};

struct CorrelatorCounters {
  std::uint64_t legs_opened = 0;
  std::uint64_t legs_reopened = 0;      // from the store
  std::uint64_t legs_evicted = 0;       // open ones, for want of room
  std::uint64_t evicted_forgotten = 0;  // beyond evicted_legs_max: their next line opens a new leg
  std::uint64_t sessions_evicted = 0;
  std::uint64_t values_refused = 0;  // beyond one of LegLimits
  std::uint64_t versions = 0;        // handed to the sink
};

// Where a line comes from and who speaks in it. Views are valid during the call only.
struct LogLine {
  const LineHeader& header;
  Mta mta = Mta::none;
  std::string_view instance;
  std::string_view agent;
  LineRef ref;
};

// Makes legs of events: finds the leg that a line means, applies what the line says, and hands
// every leg that changed to `sink` when flush() is called.
//
// Holds no clock: time is what the lines say. Everything is bounded; what is refused is counted.
// Threads: the ingest thread only. Ownership: `store` and `sink` are borrowed.
class Correlator {
 public:
  Correlator(CorrelatorOptions options, ClassifyReply classify, LegStore& store, LegSink& sink);

  void apply(const LogLine& line, const Event& event);

  // A line that tells of no message and names addresses: nobody may say that none does.
  void tell_of_names(const LogLine& line, std::string_view text);
  // No line comes any more: what waits for one was about no message.
  void end_of_logs();

  // Hands over what changed since the last flush. Returns the number of this flush.
  std::uint64_t flush();
  // The flush with that number is in the store: legs unchanged since may leave memory.
  void committed(std::uint64_t flush_number) { committed_ = flush_number; }

  // Takes legs out of memory that no line spoke of for options.open_leg_silence_max, some at a
  // time: most wait for their next attempt, for which the store gives them back. For moments
  // without a backlog, in which the next attempt is soon. Returns how many it took.
  std::size_t set_silent_aside();

  // At start: a leg that the store has and that lines may still come for (one without an end, or
  // one that ended a moment before), and a `pending` entry.
  void know_leg(const LegRecord& leg);
  void restore_pending(std::string_view key, std::string_view value);

  std::size_t changed_legs() const { return dirty_.size(); }
  std::size_t legs_in_memory() const { return legs_.size(); }
  CorrelatorCounters counters() const;

 private:
  struct Closed {
    LegHandle leg;
    Time at{};
    const OpenLeg* place;  // to prefetch; the leg may have left it
  };

  void on(const LogLine& line, const std::monostate& event);
  void on(const LogLine& line, const SessionOpened& event);
  void on(const LogLine& line, const SessionClosed& event);
  void on(const LogLine& line, const SessionTrouble& event);
  void on(const LogLine& line, const SessionTls& event);
  void on(const LogLine& line, const Arrival& event);
  void on(const LogLine& line, const MessageIdSeen& event);
  void on(const LogLine& line, const QueueActive& event);
  void on(const LogLine& line, const DeliveryAttempt& event);
  void on(const LogLine& line, const Removed& event);
  void on(const LogLine& line, const MessageExpired& event);
  void on(const LogLine& line, const QueueAction& event);
  void on(const LogLine& line, const ChildAnnounced& event);
  void on(const LogLine& line, const PolicyVerdict& event);
  void on(const LogLine& line, const HostFailure& event);
  void on(const LogLine& line, const Note& event);
  void on(const LogLine& line, const LocalInvocation& event);
  void on(const LogLine& line, const LoginResult& event);
  void on(const LogLine& line, const CompanionFact& event);
  void on(const LogLine& line, const MailboxResult& event);
  void on(const LogLine& line, const LogLoss& event);

  OpenLeg* find(const LogLine& line, std::string_view queue_id);
  bool is_over(const LogLine& line, const LegRecord& leg) const;
  OpenLeg& find_or_open(const LogLine& line, std::string_view queue_id);
  OpenLeg& find_unended_or_open(const LogLine& line, std::string_view queue_id,
                                bool (*still_about)(const LegRecord& ended));
  OpenLeg& open(const LogLine& line, std::string_view queue_id, std::uint32_t generation);
  OpenLeg& leg_for_arrival(const LogLine& line, const Arrival& event);
  OpenLeg* reopen(LegHandle handle);
  OpenLeg& insert(LegRecord&& record);
  std::unique_ptr<OpenLeg> blank_leg(const LogLine& line);
  void touch(OpenLeg& leg, const LogLine& line);
  void add_line(OpenLeg& leg, LineRef ref);
  void add_lines(OpenLeg& leg, const Session& session);  // those that it does not have
  void mark_dirty(OpenLeg& leg);
  void note_if_closed(OpenLeg& leg);
  void link(OpenLeg& leg, LegLink&& link);

  // `client` as the line names it; postscreen's and Exim's dialogues are told apart by it.
  Session* find_session(const LogLine& line, const Peer* client);
  Session& open_session(const LogLine& line, const Peer& client);
  Session& open_exim_dialogue(const LogLine& line, const Peer& client);
  static bool names_exim_dialogue(const LogLine& line, const Peer& client);
  void end_silent_refusals(const LogLine& line, Session& session);
  std::string_view session_name(const LogLine& line, const Peer* client = nullptr);
  std::string_view dialogue_name(const LogLine& line, const Peer& client);
  std::string_view exim_dialogue_name(const LogLine& line, const Peer& client);
  void tell_of_others_refused(const LogLine& line, const Session& session, std::string_view counts);
  void refuse_content(const LogLine& line, OpenLeg& leg);
  void end_unqueued(const LogLine& line, Session& session, std::string_view counts);
  void part_other_mails(Session& session, std::string_view counts);
  void keep_early_verdict(const LogLine& line, const PolicyVerdict& event);
  void refuse_without_id(const LogLine& line, const PolicyVerdict& event);
  OpenLeg& refused_dialogue(const LogLine& line, Session& session, const PolicyVerdict& event);
  void tell_of_untold_mail(const LogLine& line, const Peer& client, const Session& session,
                           std::string_view counts);
  void count_refusal(const LogLine& line, const PolicyVerdict& event);
  void break_off(const LogLine& line, const SessionTrouble& event);
  void join_session(const LogLine& line, OpenLeg& leg, Session& session);
  void know_answer(const LogLine& line, OpenLeg& leg);
  void join_refused_before(const LogLine& line, OpenLeg& leg, Session& session, bool same_session);
  void join_warnings(OpenLeg& leg, Session& session);
  void join_proxied(const LogLine& line, const PolicyVerdict& event);
  void join_proxied(const LogLine& line, const PolicyVerdict& event, Session* session,
                    OpenLeg& leg);
  void join_delivery_process(const LogLine& line, OpenLeg& leg, std::int32_t recipient);
  std::string_view retry_name(const LogLine& line, std::string_view client, std::string_view sender,
                              std::string_view recipient);
  void expect_retry(const LogLine& line, OpenLeg& refused, const PolicyVerdict& event);
  std::vector<LegHandle> link_retries(const LogLine& line, std::vector<LegHandle> refused,
                                      const OpenLeg& later);
  void join_refused_for_now(const LogLine& line, OpenLeg& leg, std::int32_t recipient);
  void keep_refused_by_ourselves(const LogLine& line, const OpenLeg& refused,
                                 const PolicyVerdict& event);
  void join_refused_by_ourselves(const LogLine& line, const OpenLeg& leg,
                                 const DeliveryAttempt& event);
  void refine_submission(const LogLine& line, OpenLeg& leg) const;

  std::string_view invocation_name(const LogLine& line);
  void join_invocation(const LogLine& line, OpenLeg& leg);
  void encounter(const LogLine& line, Encounter::Kind kind, const Peer& client,
                 std::string_view login, std::string_view text,
                 std::optional<Time> at = std::nullopt);
  // Of a leg that just ended, or was put on hold: nothing else leads to it from a recipient.
  void tell_if_unnamed(const LogLine& line, const LegRecord& leg);
  // Whoever asks knows about when it was sent, so it stands at its arrival, however late it ended.
  void tell_of_unnamed(const LogLine& line, const LegRecord& leg);

  void name_seen(std::string_view host, std::string_view address, std::string_view text, Time at,
                 LineRef line);
  void tell_of_remarks(const Session& dialogue);
  void tell_of_companions_names(const Session& told);

  std::string_view companion_name(std::initializer_list<std::string_view> parts);
  void recall_message_id(std::string_view message_id);
  OpenLeg* leg_of_process(const LogLine& line, const CompanionFact& event);
  OpenLeg* newest_with_message_id(const LogLine& line, std::string_view message_id);
  void keep_task(const LogLine& line, const CompanionFact& event);
  void keep_other_name(const LogLine& line, const CompanionFact& event,
                       std::string_view message_id);
  void keep_note(const LogLine& line, const Note& event);
  void keep_facts(const LogLine& line, const CompanionFact& event, std::string_view name);
  void take_facts(const LogLine& line, OpenLeg& leg, std::string_view name);
  void join_facts(const LogLine& line, OpenLeg& leg);
  std::vector<OpenLeg*> given_back_by_filter(const LogLine& line, std::string_view reply);
  void add_kept_by_filter(const LogLine& line, OpenLeg& leg, const PolicyVerdict& event);
  OpenLeg* kept_by_filter(const LogLine& line, const PolicyVerdict& event);
  void join_filter_session(const LogLine& line, OpenLeg& leg, std::string_view reply);
  void join_facts_of(const LogLine& line, OpenLeg& leg, std::string_view recipient);
  void join_facts_of_refusal(const LogLine& line, OpenLeg& leg, const PolicyVerdict& event);
  bool tell_mailbox_leg(const LogLine& line, std::string_view message_id, const MailboxNote& note);
  bool tell_transaction_legs(const LogLine& line, std::string_view transaction,
                             const MailboxNote& note);
  void join_mailboxes(const LogLine& line, OpenLeg& leg, LegRecipient& to);
  LegRecipient* mailbox_recipient(LegRecord& leg, const MailboxNote& note) const;
  void join_companions(const LogLine& line, OpenLeg& leg, std::int32_t recipient);

  struct SessionTable {
    std::string_view prefix;  // of its keys in `pending`
    Sessions* sessions;
    Duration silence_max;
  };
  std::array<SessionTable, 6> session_tables();

  static constexpr std::uint64_t kSameMessageIdKept = 4;

  OpenLeg* find_evicted(const LogLine& line, std::string_view queue_id);
  void hand_over(OpenLeg& leg);
  bool drop_closed();
  void make_room();

  CorrelatorOptions options_;
  LegUpdates updates_;
  LegStore& store_;
  LegSink& sink_;
  OpenLegs legs_;
  Sessions inbound_;
  Sessions outbound_;
  Sessions refused_for_now_;
  Sessions invocations_;  // of programs on this host
  Sessions companions_;   // what they told about messages not known yet
  Sessions logins_;       // accepted within the last hour
  boost::unordered_flat_map<std::uint64_t, std::uint64_t> evicted_;  // OpenLegs key -> leg id
  boost::unordered_flat_map<std::uint64_t, std::uint64_t>
      message_ids_;  // hash -> leg not in memory; others with that Message-ID stand behind it
  std::vector<OpenLeg*> dirty_;
  std::deque<Closed> closed_;
  std::string name_buffer_;
  HostClocks clocks_;
  Time slowest_{};  // of them, at the last flush
  std::uint64_t flushes_ = 0;
  std::uint64_t committed_ = 0;
  CorrelatorCounters counters_;
};

}  // namespace rastro
