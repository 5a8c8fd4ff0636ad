#include <algorithm>
#include <set>

#include "core/address.h"
#include "daemon/explain/explain.h"
#include "daemon/explain/explain_text.h"

namespace rastro {
namespace {

// The mail system could not look the password up, whatever the password was.
bool is_own_trouble(std::string_view text) {
  const auto lower = ascii_lower(text);
  constexpr std::string_view kWords[] = {"connection lost to authentication server",
                                         "temporary",
                                         "internal",
                                         "unable to authenticate at this time",
                                         "cannot connect to",
                                         "timed out",
                                         "no mechanism available"};
  return std::ranges::any_of(
      kWords, [&](std::string_view words) { return lower.find(words) != std::string::npos; });
}

std::string place_of(const Endpoint& client) { return client.ip.empty() ? client.host : client.ip; }

// What was seen of one kind, the newest first.
struct Seen {
  std::vector<const Encounter*> all;
  std::set<std::string> clients;
  bool trouble = true;  // each of them was ours

  bool empty() const { return all.empty(); }
  const Encounter& last() const { return *all.front(); }
  void add(const Encounter& one) {
    all.push_back(&one);
    clients.insert(place_of(one.client));
    trouble = trouble && is_own_trouble(one.text);
  }
};

struct SeenByKind {
  Seen logins, clients, connections;
  std::optional<Time> accepted_at;  // the newest login that was let in
};

SeenByKind sort_out(const std::vector<Encounter>& encounters) {
  SeenByKind out;
  for (const auto& one : encounters) {
    switch (one.kind) {
      case Encounter::Kind::login_failed:
        out.logins.add(one);
        break;
      case Encounter::Kind::client_rejected:
        out.clients.add(one);
        break;
      case Encounter::Kind::lost_connection:
        out.connections.add(one);
        break;
      case Encounter::Kind::login_ok:
        if (!out.accepted_at || *out.accepted_at < one.at) out.accepted_at = one.at;
        break;
      case Encounter::Kind::unnamed_mail:
      case Encounter::Kind::named:
        break;
    }
  }
  return out;
}

struct Form {
  const Seen* seen = nullptr;
  std::string group;
  WhoseMove move = WhoseMove::sender;
};

// A refused login says most of why a customer's message never came.
Form form_of(const SeenByKind& all) {
  // Strangers try passwords too: from many places, it is seldom the customer.
  constexpr std::size_t kOwnPlaces = 2;
  if (!all.logins.empty()) {
    if (all.logins.trouble) return {&all.logins, "login_trouble", WhoseMove::us};
    return {&all.logins,
            all.logins.clients.size() > kOwnPlaces ? "login_by_many" : "login_refused"};
  }
  if (!all.clients.empty()) return {&all.clients, "client_refused", WhoseMove::us};
  if (!all.connections.empty()) return {&all.connections, "connection_lost"};
  return {};
}

}  // namespace

std::optional<Explanation> Explainer::explain_turned_away(const std::vector<Encounter>& encounters,
                                                          const TurnedAwayRequest& request) const {
  const auto all = sort_out(encounters);
  const auto form = form_of(all);
  if (form.seen == nullptr) return std::nullopt;
  const auto& texts = texts_[static_cast<std::size_t>(request.language)];
  const ToldClock clock(request.language, request.timezone, request.now);
  const auto& seen = *form.seen;
  const bool several = seen.all.size() > 1;
  // "10:00, 2 times since 10:00" says no more.
  const bool spread =
      several && clock.tell(seen.all.back()->at, false) != clock.tell(seen.last().at, false);
  const bool let_in_since = !all.logins.empty() && all.accepted_at > seen.last().at;
  const ToldValues values = {{"login", seen.last().login},
                             {"client", place_of(seen.last().client)},
                             {"clients", std::to_string(seen.clients.size())},
                             {"times", several ? std::to_string(seen.all.size()) : ""},
                             {"first", spread ? clock.tell(seen.all.back()->at, false) : ""},
                             {"last", clock.tell(seen.last().at, true)},
                             {"accepted", let_in_since ? clock.tell(all.accepted_at, true) : ""}};
  const auto part = [&](const std::string& name) {
    return fill(texts.find("turned_away." + form.group + "." + name), values);
  };
  Explanation out;
  out.text = part("text");
  if (let_in_since) {
    out.text += " " + fill(texts.find("turned_away.let_in_since"), values);
  }
  out.whose_move = form.move;
  out.final = true;
  out.what_to_do = part("do");
  out.reply = part("reply");
  return out;
}

}  // namespace rastro
