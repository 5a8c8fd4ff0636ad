#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/journey.h"
#include "daemon/answer/find_request.h"

namespace rastro {

// The clients and logins of a question that were seen without a message.
struct SeenWithoutMail {
  static constexpr std::size_t kMax = 1000;
  std::vector<Encounter> encounters;  // newest first
  bool more = false;
  bool refused = false;       // of that very client or login
  std::uint64_t named = 0;    // lines that name the address and tell of no message
  bool near_refused = false;  // of a login that is spelt almost like it
  CutBy cut = CutBy::nothing;
};

// In the interval and half an hour around it. `only_refused`: not those whom the server let in.
Result<SeenWithoutMail> seen_without_mail(StoreReader& store, const FindRequest& request,
                                          const QueryLimits& limits, bool only_refused);

// Tries of one client with one login that failed for the same cause, told as one. Of a try that two
// programs write of (Dovecot's authentication, Postfix' smtpd) one line counts.
struct RefusedGroup {
  Encounter::Kind kind = Encounter::Kind::login_failed;
  std::string_view cause;  // of refusal_cause()
  std::string login;
  Endpoint client;
  std::string host;
  std::string text;  // of the newest; "": it says nothing
  std::uint64_t tries = 0;
  Time first{};
  Time last{};
};
// Newest first; what was let in is no part of them.
std::vector<RefusedGroup> group_refused(const std::vector<Encounter>& encounters);

// Without the line of a try that tells less than another of the same try.
std::vector<Encounter> told_once(const std::vector<Encounter>& encounters);

// What a login failed for, by the words of the log: wrong_password, unknown_user, wrong_login
// (either), account_disabled, not_allowed (from that address), server_trouble; "": not told.
std::string_view refusal_cause(std::string_view text);

}  // namespace rastro
