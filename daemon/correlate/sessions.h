#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/event.h"
#include "core/journey.h"
#include "core/seeded_hash.h"
#include "daemon/correlate/open_legs.h"

namespace rastro {

// A host that could not be reached, in a line that names no message.
struct UnreachedHost {
  Time at{};
  Endpoint relay;
  std::string text;
  LineRef line;
};

// What a policy said in a dialogue before the message had a queue id ("NOQUEUE: hold: RCPT ..."):
// it is about the next message of the dialogue.
struct EarlyVerdict {
  PolicyVerdict::Action action = PolicyVerdict::Action::hold;
  Time at{};
  std::string stage;
  std::optional<std::string> envelope_sender;
  std::optional<std::string> recipient;
  std::optional<std::string> helo;
  std::string reply_text;
  std::string target;
  LineRef line;
};

// What a companion told about a message before its own lines came.
struct EarlyFact {
  Fact fact;
  LineRef line;
};
// Where a mailbox server put a message; `account` in its own words.
struct MailboxNote {
  MailboxResult::What what = MailboxResult::What::saved;
  Time at{};
  std::string source;
  std::string folder;
  std::string text;
  LineRef line;
  std::string account;
  std::string session;  // the mailbox server's own name for the transaction
};
// A session's name in LegRecipient::discarded_in, where a text would cost each recipient its bytes.
inline std::uint32_t short_name_of(std::string_view session) {
  return session.empty() ? 0 : static_cast<std::uint32_t>(std::hash<std::string_view>()(session));
}

// One SMTP dialogue, or one delivery process: what its lines said that names no message.
struct Session : boost::intrusive::list_base_hook<> {
  std::string name;  // "host\0tag\0pid", for Exim "host\0exim\0client ip\0pid or port"; other
                     // tables have other names
  std::uint64_t key = 0;
  Time last_at{};
  Endpoint client;
  std::vector<LineRef> lines;      // connect and TLS lines; evidence of every leg of the session
  std::vector<LegHandle> legs;     // those that came in through it
  std::vector<LegHandle> refused;  // dialogues refused since the last message was taken, one for
                                   // each envelope sender
  std::vector<LegHandle> refused_before;  // those before it: they may belong to it
  std::uint32_t refusals = 0;  // dialogues refused so far, those too that `refused` has no room for
  // MAIL and RCPT, as told by lines with a reply (Postfix); nullopt: not known, of a session that
  // an earlier build stored.
  std::optional<std::uint32_t> commands_refused = 0;
  std::vector<EarlyVerdict> verdicts;  // since the last message was taken
  MaybeText tls;                       // of this connection: "TLSv1.3 with cipher ..."
  MaybeText tls_peer;
  std::vector<UnreachedHost> unreached;  // since the last attempt of this process
  std::vector<EarlyFact> facts;
  std::vector<MailboxNote> mailboxes;
  std::uint32_t dirty_number = 0;  // in Sessions::dirty_, from 1; 0: unchanged
  bool stored = false;             // known to the `pending` table

  // Gives `other` everything that lines said.
  void take_place_of(Session& other);
  void reset();  // as a new one; in no table
};

// Sessions by (host, program, pid); bounded, the longest silent one goes first.
// Threads: the ingest thread only.
class Sessions {
 public:
  static constexpr std::size_t kLinesMax = 16;
  static constexpr std::size_t kLegsMax = 200;
  static constexpr std::size_t kUnreachedMax = 8;
  static constexpr std::size_t kVerdictsMax = 16;
  static constexpr std::size_t kFactsMax = 32;

  Sessions(std::uint64_t seed, std::size_t capacity) : hash_(seed), capacity_(capacity) {}
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  Session* find(std::string_view name);
  // As it was, or new; used just now.
  Session& open(std::string_view name, Time now);
  void erase(Session& session);
  // A new one; what was known under that name is over.
  Session& open_new(std::string_view name, Time now);
  // for_each_changed() must visit it.
  void changed(Session& session) {
    if (session.dirty_number != 0) return;
    dirty_.push_back(&session);
    session.dirty_number = static_cast<std::uint32_t>(dirty_.size());
  }
  // Ends sessions silent since before `before`.
  template <typename Function>
  void expire(Time before, Function&& forget) {
    while (!by_age_.empty() && by_age_.front().last_at < before) {
      forget(by_age_.front());
      erase(by_age_.front());
    }
  }
  // What changed since the last call and has not ended.
  template <typename Function>
  void for_each_changed(Function&& visit) {
    for (auto* session : dirty_) {
      if (session == nullptr) continue;
      session->dirty_number = 0;
      visit(*session);
    }
    dirty_.clear();
  }

  std::size_t size() const { return by_key_.size(); }
  std::uint64_t evicted() const { return evicted_; }
  // Names of sessions that ended after the `pending` table had heard of them.
  std::vector<std::string> take_ended() { return std::exchange(ended_, {}); }

 private:
  // Few: the next sessions take them while they are in the processor's cache.
  static constexpr std::size_t kSpareMax = 64;

  Session& add(std::uint64_t key, std::string_view name, Time now);

  SeededHash hash_;
  std::size_t capacity_;
  std::uint64_t evicted_ = 0;
  boost::unordered_flat_map<std::uint64_t, Session*> by_key_;
  boost::intrusive::list<Session> by_age_;
  std::vector<Session*> dirty_;  // null: ended meanwhile
  std::vector<std::string> ended_;
  std::vector<std::unique_ptr<Session>> spare_;  // erased ones, whose memory is used again
};

}  // namespace rastro
