// Policy servers with rules of the operator's: postfwd (sbin/postfwd1, sbin/postfwd2), cluebringer
// (cbpolicyd, Policyd::logger), policyd-weight.
#include <algorithm>
#include <optional>

#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// The value behind `name`, up to `until` or the end; false if the line goes on differently.
bool take_value(std::string_view& rest, std::string_view name, std::string_view until,
                std::string_view& value) {
  auto tail = rest;
  if (!maybe_take(tail, name)) return false;
  const auto end = until.empty() ? tail.size() : tail.find(until);
  if (end == std::string_view::npos) return false;
  value = tail.substr(0, end);
  rest = tail.substr(end);
  return true;
}

bool take_bracketed(std::string_view& rest, std::string_view name,
                    std::optional<std::string_view>& value) {
  auto tail = rest;
  if (!maybe_take(tail, name)) return false;
  value = maybe_take_address(tail);
  if (value) rest = tail;
  return value.has_value();
}

// postfwd: "[RULES] rule=3, id=R1[, queue=ID], client=h[ip][, user=u], sender=<a>[, recipient=<b>],
// helo=<h>, proto=ESMTP, state=RCPT[, score=..][, rate=..], delay=0s[, hits=R1], action=DUNNO".
ParsedLine parse_postfwd(std::string_view text) {
  CompanionFact fact;
  fact.source = "policyd";
  if (!maybe_take(text, "[RULES] ") && !maybe_take(text, "[CACHE] ") &&
      !maybe_take(text, "[RATES] ")) {
    return {};
  }
  // By importance: a fact holds no more than eight values.
  std::string_view rule, id, login, helo, protocol, state, score, rate, delay, hits, verdict;
  if (!take_value(text, "rule=", ", ", rule)) return {};
  if (!take_value(text, ", id=", ", ", id)) return {};
  if (std::string_view queue; take_value(text, ", queue=", ", ", queue)) {
    if (!is_queue_id(queue)) return {};
    fact.queue_id = queue;
  }
  if (!maybe_take(text, ", client=")) return {};
  const auto client = maybe_take_peer(text);
  if (!client) return {};
  fact.client = *client;
  take_value(text, ", user=", ", sender=<", login);
  if (!take_bracketed(text, ", sender=", fact.envelope_sender)) return {};
  take_bracketed(text, ", recipient=", fact.recipient);
  // What stands behind the HELO name is the server's own, so its last mark is the true one.
  const auto helo_end = text.rfind(">, proto=");
  if (!maybe_take(text, ", helo=<") || helo_end == std::string_view::npos || helo_end < 8) {
    return {};
  }
  helo = text.substr(0, helo_end - 8);
  text.remove_prefix(helo_end - 7);
  if (!take_value(text, ", proto=", ", ", protocol)) return {};
  if (!take_value(text, ", state=", ", ", state)) return {};
  take_value(text, ", score=", ", ", score);
  take_value(text, ", rate=", ", ", rate);
  if (!take_value(text, ", delay=", ", ", delay)) return {};
  take_value(text, ", hits=", ", ", hits);
  if (!take_value(text, ", action=", {}, verdict)) return {};
  add_value(fact, "verdict", verdict);
  add_value(fact, "rule_id", id);
  add_value(fact, "hits", hits);
  add_value(fact, "state", state);
  add_value(fact, "login", login);
  add_value(fact, "rate", rate);
  add_value(fact, "score", score);
  add_value(fact, "helo", helo);
  add_value(fact, "rule", rule);
  add_value(fact, "protocol", protocol);
  add_value(fact, "delay", delay);
  return {LineKind::policyd_verdict, fact};
}

// policyd-weight: "decided action=550 text; <client=h[ip]> <helo=h> <from=a> <to=b>; delay: 1s" and
// "weighted check:  TEST=1.5 ...; <client=...> ... <to=b>; rate: 9.5". The HELO name and the
// addresses are strangers'; the client stands in front of them.
ParsedLine parse_weight(std::string_view text) {
  CompanionFact fact;
  fact.source = "policyd-weight";
  const bool decided = maybe_take(text, "decided action=");
  if (!decided && !maybe_take(text, "weighted check: ")) return {};
  const std::string_view mark = decided ? "; delay: " : "; rate: ";
  const auto end = text.rfind(mark);
  if (end == std::string_view::npos) {
    // Versions before 0.1.13 say neither how long it took nor about whom.
    if (!decided || text.empty() || text.find('<') != std::string_view::npos) return {};
    add_value(fact, "verdict", text);
    return {LineKind::policyd_verdict, fact};
  }
  const auto number = text.substr(end + mark.size());
  if (!is_number(decided ? number.substr(0, number.find('s')) : number)) return {};
  text = text.substr(0, end);
  const auto client = text.find("<client=");
  auto verdict = text.substr(0, client);
  while (verdict.ends_with(' ') || verdict.ends_with(';')) verdict.remove_suffix(1);
  maybe_take(verdict, ' ');
  add_value(fact, decided ? "verdict" : "tests", verdict);
  add_value(fact, decided ? "delay" : "score", number);
  if (client == std::string_view::npos) return {LineKind::policyd_verdict, fact};
  const auto found =
      match_form(text.substr(client), "<client={}> <helo={?}> <from={?}> <to={?}>{?}");
  if (!found) return {};
  auto named = found->at[0];
  if (const auto peer = maybe_take_peer(named)) {
    if (!named.empty()) return {};
    fact.client = *peer;
  } else {  // before 0.1.15
    if (!is_ip(named)) return {};
    fact.client.ip = named;
  }
  add_value(fact, "helo", found->at[1]);
  fact.envelope_sender = found->at[2];
  if (!found->at[3].empty()) fact.recipient = found->at[3];
  return {LineKind::policyd_verdict, fact};
}

constexpr FactForm kForms[] = {
    // Policyd 1.8x, logmessage() of its modules: "rcpt=12, greylist=new, host=ip (name), from=a,
    // ...".
    {"rcpt={}, {}={}, host={} ({}), from={?}, to={?}, size={}, quota={}",
     "#count module result ip host from to size quota", ""},
    {"rcpt={}, {}={}, host={} ({}), from={?}, to={?}, size={}",
     "#count module result ip host from to size", ""},
    {"rcpt={}, {}={}, host={} ({}), from={?}, to={?}", "#count module result ip host from to", ""},
    {"rcpt={}, {}={}, host={} ({}), from={?}", "#count module result ip host from", ""},
    {"greylist={}, host={} ({}), from={?}, to={?}", "greylist ip host from to", ""},
    {"throttle={}, host={} ({}), from={?}, to={?}", "throttle ip host from to", ""},
    {"[DNSBL] object {} listed on {} (answer: {}, time: {})", "ip list answer time", "listed"},
    // cbpolicyd: "module=Greylisting, action=defer, host=ip, helo=h, from=a, to=b, reason=...".
    {"module={}, mode={}, host={}, helo={?}, from={?}, to={?}, reason={}, {}",
     "module mode ip helo from to reason detail", ""},
    {"module={}, mode={}, action={}, host={}, helo={?}, from={?}, to={?}, reason={}",
     "module mode verdict ip helo from to reason", ""},
    {"module={}, action={}, host={}, helo={?}, from={?}, to={?}, reason={}",
     "module verdict ip helo from to reason", ""},
    {"module={}, action={}, host={}, helo={?}, from={?}, to={?}{?}",
     "module verdict ip helo from to detail", ""},
};
constexpr KnownForm kIgnored[] = {
    {"connection from: {} port: {} slots: {} of {} used", "Policyd 1.8x, policyd.c"},
    {"[STATS] {}", "sbin/postfwd2"},
    {"{} started{?}", "sbin/postfwd2"},
    {"starting up{?}", "sbin/postfwd2"},
    {"ready for input", "sbin/postfwd2"},
    {"postfwd {} ready for input", "sbin/postfwd1"},
    {"postfwd {} terminated", "sbin/postfwd1"},
    {"terminating...", "sbin/postfwd1"},
    {"Setting status interval to {} seconds", "sbin/postfwd1"},
    {"catched HUP signal - clearing request cache on next request", "sbin/postfwd2"},
    {R"([LOGS info]: compare rbl: "{}"  ->  "{}")", "sbin/postfwd1"},
    {"[DNSBL] dns timeout", "sbin/postfwd2"},
    {"Process Backgrounded", "Net::Server"},
    {"Setting gid to {}", "Net::Server"},
    {"Setting uid to {}", "Net::Server"},
    {"Binding to {}", "Net::Server"},
    {"{} Process Backgrounded", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
};
constexpr KnownForm kTrouble[] = {
    {"{} Can't connect to TCP port {} on {} [{}]", "Net::Server"},
    {"{} Pid_file already exists for running process ({})... aborting{?}", "Net::Server"},
    {"Couldn't unlink \"{}\" [{}]", "Net::Server"},
};

constexpr KnownForm kWeightIgnored[] = {
    {"policyd-weight {} started and daemonized. {}", "policyd-weight"},
    {"Daemon terminated.", "policyd-weight"},
    {"Got SIG{}. Daemon terminated.", "policyd-weight"},
    {"Got SIG{}. Child {} terminated.", "policyd-weight"},
    {"master: child {} exited", "policyd-weight"},
    {"child {} exited", "policyd-weight"},
    {"child: spawned", "policyd-weight"},
    {"child: exiting: idle for {} sec.", "policyd-weight"},
    {"cache spawned", "policyd-weight"},
    {"cache killed", "policyd-weight"},
    {"cache_query: start: calling spawn_cache()", "policyd-weight"},
    {"master: cleaning up {}", "policyd-weight"},
    {"cache: purged {} from {} cache, time: {}", "policyd-weight"},
    {"cache: SIG{}, terminating", "policyd-weight"},
};
constexpr KnownForm kWeightTrouble[] = {
    {"err: {}", "policyd-weight"},
    {"fatal_exit: {}", "policyd-weight"},
    {"conf-err: {}", "policyd-weight"},
    {"master: MAX_PROC ({}) reached", "policyd-weight"},
    {"could not open RBL Lookup Socket to {}", "policyd-weight"},
    {"could not open IPv6 RBL Lookup Socket to {}", "policyd-weight"},
};

}  // namespace

ParsedLine parse_policyd(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_postfwd(text);
  if (out.kind == LineKind::unrecognised) {
    out = parse_fact("policyd", LineKind::policyd_verdict, kForms, text);
  }
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

ParsedLine parse_policyd_weight(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_weight(text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kWeightIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kWeightTrouble, text) : out;
}

}  // namespace rastro::companions
