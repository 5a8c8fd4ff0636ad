#include "daemon/answer/refused.h"

#include <algorithm>
#include <utility>

#include "core/address.h"
#include "core/ascii.h"
#include "daemon/answer/match.h"
#include "daemon/answer/misspelt.h"

namespace rastro {
namespace {

constexpr Duration kMargin = std::chrono::minutes(30);

// In small letters; the first that occurs. Dovecot's passdbs, Exim, saslauthd, Cyrus SASL.
struct CauseWords {
  std::string_view words;
  std::string_view cause;
};
constexpr CauseWords kCauses[] = {
    {"password mismatch", "wrong_password"},
    {"empty password", "wrong_password"},
    {"invalid password", "wrong_password"},
    {"password verification failed", "wrong_password"},
    {"illegal chars", "wrong_password"},
    {"unknown user", "unknown_user"},
    {"user unknown", "unknown_user"},
    {"user not found", "unknown_user"},
    {"username not known", "unknown_user"},
    {"no such user", "unknown_user"},
    {"invalid username", "unknown_user"},
    {"invalid mail address", "unknown_user"},
    {"user found from deny", "account_disabled"},
    {"user disabled", "account_disabled"},
    {"account disabled", "account_disabled"},
    {"account is disabled", "account_disabled"},
    {"pam_acct_mgmt", "account_disabled"},
    {"not in allowed networks", "not_allowed"},
    {"allow_nets", "not_allowed"},
    {"policy server refusal", "not_allowed"},
    {"incorrect authentication data", "wrong_login"},
    {"pam_authenticate() failed: authentication failure", "wrong_login"},
    {"ldap_bind: invalid credentials", "wrong_login"},
    {"(auth failed", "wrong_login"},  // Dovecot's count of tries at the end of a session
    {"connection lost to authentication server", "server_trouble"},
    {"temporary authentication failure", "server_trouble"},
    {"internal login failure", "server_trouble"},
    {"temporary internal", "server_trouble"},
    {"unable to authenticate at present", "server_trouble"},
    {"generic failure", "server_trouble"},
};

// What stands where a cause would and is none: Dovecot tells Postfix nothing, and a challenge is
// "Username:" or "Password:" in base64.
bool says_nothing(std::string_view text) {
  return text.empty() || text == "(reason unavailable)" || text == "authentication failure" ||
         text == "UGFzc3dvcmQ6" || text == "VXNlcm5hbWU6" || text == "UGFzc3dvcmQ=" ||
         text == "Invalid authentication mechanism";
}

class Concern {
 public:
  explicit Concern(const FindRequest& request) : request_(request) {}

  bool names_anybody() const {
    return request_.recipient || !request_.login.empty() || request_.sender || request_.any ||
           !request_.client.empty();
  }
  // Of an address that a line names without telling of a message.
  bool is_named(std::string_view address) const {
    for (const auto* pattern : {&request_.recipient, &request_.sender, &request_.any}) {
      if (*pattern && (*pattern)->matches(address)) return true;
    }
    return false;
  }
  bool is_of_client(const Encounter& encounter) const {
    return !request_.client.empty() && endpoint_matches(request_.client, encounter.client);
  }
  // The address as a login, its local part, or the login's own name.
  bool is_of_login(std::string_view login) const {
    if (login.empty()) return false;
    if (!request_.login.empty() && login_matches(request_.login, login)) return true;
    for (const auto* pattern : {&request_.sender, &request_.any}) {
      if (!*pattern) continue;
      if ((*pattern)->matches(login)) return true;
      if (split_address(login).domain.empty() &&
          equal_ignoring_case(login, split_address((*pattern)->text()).local_part))
        return true;
    }
    return false;
  }
  bool is_near(std::string_view login) const {
    if (login.empty()) return false;
    if (is_near_spelling(request_.login, login)) return true;
    for (const auto* pattern : {&request_.sender, &request_.any}) {
      if (*pattern && (*pattern)->form() == AddressPattern::Form::address &&
          is_near_spelling((*pattern)->text(), login))
        return true;
    }
    return false;
  }
  // A recipient logs in nowhere.
  bool may_be_refused() const {
    return !request_.login.empty() || request_.sender || request_.any || !request_.client.empty();
  }
  bool by_login_alone() const { return request_.client.empty(); }

 private:
  const FindRequest& request_;
};

bool is_refusal(const Encounter& encounter) {
  return encounter.kind == Encounter::Kind::login_failed ||
         encounter.kind == Encounter::Kind::client_rejected;
}

bool is_same_try(const Encounter& one, const Encounter& other) {
  constexpr Duration kApart = std::chrono::seconds(5);
  return std::chrono::abs(one.at - other.at) <= kApart && one.client.ip == other.client.ip &&
         (one.login.empty() || other.login.empty() || equal_ignoring_case(one.login, other.login));
}

// Of the two lines of one try the one that tells less; each takes one away.
std::vector<bool> told_twice(const std::vector<Encounter>& encounters) {
  std::vector<bool> twice(encounters.size());
  for (const auto& telling : encounters) {
    if (telling.kind != Encounter::Kind::login_failed || refusal_cause(telling.text).empty())
      continue;
    for (std::size_t i = 0; i < encounters.size(); ++i) {
      const auto& silent = encounters[i];
      if (twice[i] || silent.kind != Encounter::Kind::login_failed || !says_nothing(silent.text) ||
          !is_same_try(telling, silent))
        continue;
      twice[i] = true;
      break;
    }
  }
  return twice;
}

}  // namespace

std::string_view refusal_cause(std::string_view text) {
  const auto small = ascii_lower(text);
  for (const auto& one : kCauses) {
    if (small.find(one.words) != std::string::npos) return one.cause;
  }
  return {};
}

Result<SeenWithoutMail> seen_without_mail(StoreReader& store, const FindRequest& request,
                                          const QueryLimits& limits, bool only_refused) {
  SeenWithoutMail out;
  const Concern concern(request);
  if (!concern.names_anybody() || (only_refused && !concern.may_be_refused())) return out;
  auto range = request.range;
  if (range.from > Time::min() + kMargin) range.from -= kMargin;
  if (range.until < Time::max() - kMargin) range.until += kMargin;
  // Most are of strangers who named nobody, or of other logins.
  LoginWish wish;
  if (concern.by_login_alone()) {
    wish = [&](std::string_view login) {
      return concern.is_of_login(login) || concern.is_near(login) ||
             (!only_refused && concern.is_named(login));
    };
  }
  const auto look = [&](const Encounter& encounter) {
    // A message, which is found by its sender, login or client.
    if (encounter.kind == Encounter::Kind::unnamed_mail) return Visit::go_on;
    if (only_refused && !is_refusal(encounter)) return Visit::go_on;
    if (encounter.kind == Encounter::Kind::named) {
      if (!concern.is_named(encounter.login)) return Visit::go_on;
      ++out.named;
      if (out.encounters.size() < SeenWithoutMail::kMax) out.encounters.push_back(encounter);
      return Visit::go_on;
    }
    const bool itself = concern.is_of_login(encounter.login) || concern.is_of_client(encounter);
    if (!itself && !(is_refusal(encounter) && concern.is_near(encounter.login)))
      return Visit::go_on;
    if (encounter.kind != Encounter::Kind::login_ok)
      (itself ? out.refused : out.near_refused) = true;
    if (out.encounters.size() < SeenWithoutMail::kMax) {
      out.encounters.push_back(encounter);
    } else {
      out.more = true;
    }
    return Visit::go_on;
  };
  const auto done = store.for_each_encounter(range, limits, look, wish);
  if (!done) return done.error();
  out.cut = *done;
  return out;
}

std::vector<Encounter> told_once(const std::vector<Encounter>& encounters) {
  const auto twice = told_twice(encounters);
  std::vector<Encounter> out;
  for (std::size_t i = 0; i < encounters.size(); ++i) {
    if (!twice[i]) out.push_back(encounters[i]);
  }
  return out;
}

std::vector<RefusedGroup> group_refused(const std::vector<Encounter>& encounters) {
  const auto twice = told_twice(encounters);
  std::vector<RefusedGroup> groups;
  for (std::size_t i = 0; i < encounters.size(); ++i) {
    const auto& one = encounters[i];
    if (!is_refusal(one)) continue;
    if (twice[i]) {  // it may know the client's name
      for (auto& group : groups) {
        if (group.client.ip == one.client.ip && group.client.host.empty())
          group.client.host = one.client.host;
      }
      continue;
    }
    const auto cause = refusal_cause(one.text);
    const auto text = says_nothing(one.text) ? std::string() : one.text;
    const auto known = std::ranges::find_if(groups, [&](const RefusedGroup& group) {
      return group.kind == one.kind && group.cause == cause && group.login == one.login &&
             group.client.ip == one.client.ip && (!cause.empty() || group.text == text);
    });
    if (known == groups.end()) {
      groups.push_back({one.kind, cause, one.login, one.client, one.host, text, 1, one.at, one.at});
      continue;
    }
    ++known->tries;
    known->first = std::min(known->first, one.at);
    known->last = std::max(known->last, one.at);
    if (known->client.host.empty()) known->client.host = one.client.host;
  }
  return groups;
}

}  // namespace rastro
