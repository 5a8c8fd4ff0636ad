#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "core/clock.h"
#include "daemon/answer/coverage.h"
#include "daemon/answer/find_request.h"
#include "daemon/answer/refused.h"

namespace rastro {

// What was seen near a question that found nothing (DESIGN 8).
struct Suggestion {
  enum class Kind : std::uint8_t {
    misspelt,        // an address within two steps of the one asked for
    other_domain,    // the same local part at another domain
    other_interval,  // the same address, but not in that interval
    same_sender,     // that sender to somebody else
    same_recipient,  // somebody else to that recipient
    message_id,      // what was taken for an address is a Message-ID
    address,         // and the other way round
  };
  Kind kind = Kind::misspelt;
  std::string parameter;  // what to ask instead: parameter and value
  std::string value;
  std::vector<std::string> dropped = {};  // parameters of the question that this one has not
  std::uint64_t messages = 0;
  bool messages_is_exact = true;  // else at least that many
};
std::string_view suggestion_kind_name(Suggestion::Kind kind);

// A message whose recipients no line names: whoever knows it can rule it out.
struct UnnamedMail {
  Time at{};
  std::uint64_t leg = 0;  // 0: no line gives it an id
  std::string host;
  std::string envelope_sender;
  Endpoint client;
};

struct Nearby {
  static constexpr std::size_t kUnnamedMax = 5;
  std::vector<Suggestion> suggestions;  // most likely first
  // Something that is spelt almost like it fits the rest of the question, interval and all.
  bool near_spelling = false;
  SeenWithoutMail seen;              // of that login or client
  std::vector<UnnamedMail> unnamed;  // the first of `mail_unnamed`, when they are few
  // In that interval, of whom no line tells who they are: what was asked for may be one of them.
  std::uint64_t refused_unnamed = 0;  // clients turned away before they named an address
  std::uint64_t logins_unnamed = 0;   // logins refused whose name the log does not tell
  std::uint64_t mail_unnamed = 0;     // messages of which not every recipient is named
  // Messages that fit but for who sent them, which no line tells.
  std::uint64_t sender_unknown = 0;
  // Messages to that recipient whose envelope sender a machine wrote: what stands in From: may be
  // the sender that was asked for.
  std::uint64_t sender_by_machine = 0;
  // Probes ("sendmail -bv") that name it: their lines are there, and are about no message.
  std::uint64_t probes = 0;
  bool login_known = false;  // a login without a domain is one of this server, at any time
  bool any_leg = true;       // in the whole index
  CutBy cut = CutBy::nothing;
};

Result<Nearby> look_nearby(StoreReader& store, const FindRequest& request, Duration time_left,
                           const Clock& clock);

// Whether "it never reached this server" may be said, and why or why not.
struct Absence {
  bool proven = false;
  std::string_view code;    // why or why not: of sentence(); a literal
  std::uint64_t count = 0;  // of what the sentence is about
  std::string why(Language language) const;
};
// `waiting_then`: how many fit that only waited at that time.
Absence prove_absence(const FindRequest& request, const Coverage& coverage, const Nearby& nearby,
                      bool search_was_cut, std::uint64_t waiting_then = 0);

}  // namespace rastro
