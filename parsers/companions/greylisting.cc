// postgrey, sqlgrey, milter-greylist: which client, sender and recipient had to wait.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

// postgrey, mylog_action(): "action=greylist, reason=new, client_name=h, client_address=ip,
// sender=a, recipient=b"; absent when empty. Sender and recipient are strangers', and the last.
bool take_field(std::string_view& text, std::string_view name, std::string_view until,
                std::string_view& value) {
  if (!maybe_take(text, name)) return false;
  const auto end = until.empty() ? std::string_view::npos : text.find(until);
  value = text.substr(0, end);
  text.remove_prefix(std::min(value.size(), text.size()));
  return true;
}

ParsedLine parse_action(std::string_view text) {
  CompanionFact fact;
  fact.source = "postgrey";
  auto rest = text;
  if (const auto id = maybe_take_until(rest, std::string_view(": ")); id && is_queue_id(*id)) {
    fact.queue_id = *id;
    text = rest;
  }
  std::string_view value;
  // Before 1.28: "delayed 603 seconds: client=mx.example.net, from=a@x, to=b@y".
  if (const auto late = match_form(text, "delayed {} seconds: client={}, from={?}, to={}")) {
    add_value(fact, "verdict", "pass");
    add_value(fact, "delay", late->at[0]);
    fact.client.host = late->at[1];
    fact.envelope_sender = late->at[2];
    fact.recipient = late->at[3];
    return {LineKind::postgrey_verdict, fact};
  }
  if (!take_field(text, "action=", ", ", value)) return {};
  if (value != "greylist" && value != "pass") return {};
  add_value(fact, "verdict", value);
  if (!take_field(text, ", reason=", ", client_", value)) return {};
  // "triplet found, delay=312"
  if (const auto delay = value.find(", delay="); delay != std::string_view::npos) {
    add_value(fact, "delay", value.substr(delay + 8));
    value = value.substr(0, delay);
  }
  add_value(fact, "reason", value);
  if (take_field(text, ", client_name=", ", client_address=", value)) fact.client.host = value;
  if (!take_field(text, ", client_address=", ", ", value)) return {};
  // Since 1.37 with the length of the network that it looked up: "192.0.2.7/32".
  if (const auto slash = value.find('/'); slash != std::string_view::npos) {
    if (!is_number(value.substr(slash + 1))) return {};
    value = value.substr(0, slash);
  }
  if (is_ip(value)) {
    fact.client.ip = value;
  } else if (!is_hidden_ip(value)) {
    return {};
  }
  if (maybe_take(text, ", sender=")) {
    const auto at = text.rfind(", recipient=");
    fact.envelope_sender = text.substr(0, at);
    text.remove_prefix(std::min(at, text.size()));
  }
  if (maybe_take(text, ", recipient=")) {
    fact.recipient = text;
    text = {};
  }
  if (!text.empty()) return {};
  return {LineKind::postgrey_verdict, fact};
}

constexpr KnownForm kPostgreyIgnored[] = {
    {"cleaning up old logs...", "postgrey"},
    {"cleaning up old entries...", "postgrey"},
    {"rm {}", "postgrey"},
    {"cleaning main database finished. before: {}, after: {}", "postgrey"},
    {"cleaning clients database finished. before: {}, after: {}", "postgrey"},
    {"cleaning main database... before: {}, after: {}", "postgrey"},
    {"whitelisted: {}", "postgrey"},
    {"tarpit whitelisted: {}", "postgrey with the tarpit patch"},
    {"correcting date for first seen in the future!", "postgrey"},
    {"Exiting!", "postgrey"},
    {"HUP received: reloading whitelists...", "postgrey"},
    {"Process Backgrounded", "Net::Server"},
    {"{} Process Backgrounded", "Net::Server"},
    {"{} postgrey (type Net::Server::Multiplex) starting! pid({})", "Net::Server"},
    {"Binding to {}", "Net::Server"},
    {"Setting gid to {}", "Net::Server"},
    {"Setting uid to {}", "Net::Server"},
    {"Resolved {}", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
};
constexpr KnownForm kPostgreyTrouble[] = {
    {"unrecognized request type: '{?}'", "postgrey"},
    {"Couldn't unlink \"{}\" [{}]", "Net::Server"},
    {"{} Pid_file already exists for running process ({})... aborting{?}", "Net::Server"},
    {"ignoring garbage: <{?}>", "postgrey"},
    {"WARNING: {}", "postgrey"},
    {"FATAL: {}", "postgrey"},
    {"warning: {}", "postgrey"},
};

// sqlgrey: "grey: new: 192.0.2.1(192.0.2.1), a@x -> b@y" and its siblings.
constexpr FactForm kSqlgrey[] = {
    {"grey: new: {}({}), {?} -> {}", "network ip from to", "greylist: new"},
    {"grey: early reconnect: {}({}), {?} -> {}", "network ip from to", "greylist: early reconnect"},
    {"grey: reconnect ok: {}({}), {?} -> {} ({})", "network ip from to delay", "pass: reconnect"},
    {"grey: throttling: {}({}), {?} -> {}", "network ip from to", "greylist: throttling"},
    {"grey: domain awl match: updating {}({}), {}", "network ip domain", "pass: known domain"},
    {"grey: from awl: {}, {} added", "network sender", "sender added"},
    {"grey: domain awl: {}, {} added", "network domain", "domain added"},
    {"grey: from awl match: updating {}({}), {?}({?})", "network ip from as_sent",
     "pass: known sender"},
    {"grey: from awl match: updating {}({}), {?}", "network ip from", "pass: known sender"},
    {"whitelist: {?}, {}({}) -> {}", "from ip host to", "pass: whitelist"},
    {"spam: {}: {?} -> {} at {}", "ip from to time", "spam"},
    {"grey: identified SMTP server pattern: {}, {}: Using C-class ({}).", "host ip network",
     "asked"},
    {"grey: identified dynamic pattern ({}): {}, {}: Using full IP.", "pattern host ip", "asked"},
    {"grey: unknown pattern: {}, {}: using C-class ({}).", "host ip network", "asked"},
    {"grey: unknown RDNS: {}", "ip", "asked"},
    {"martians: undefined {}, from is '{?}'", "part from", "asked"},
};
constexpr KnownForm kSqlgreyIgnored[] = {
    {"perf: spent {}s cleaning: {}", "sqlgrey"},
    {"conf: {}", "sqlgrey"},
    {"dbaccess: {}", "sqlgrey"},
    {"whitelists: {}", "sqlgrey"},
    {"whitelist: reloading {}", "sqlgrey"},
    {"whitelist: {} in static whitelist", "sqlgrey"},
    {"whitelist: {} in dynamic whitelist", "sqlgrey"},
    {"system: forked cleanup child ({})", "sqlgrey"},
    {"system: cleanup child exit ({})", "sqlgrey"},
    {"system: couldn't fork child: no cleanup!", "sqlgrey"},
    {"Process Backgrounded", "Net::Server"},
    {"{} Process Backgrounded", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
};
constexpr KnownForm kSqlgreyTrouble[] = {
    {"Couldn't unlink \"{}\" [{}]", "Net::Server"},
    {"warning: Couldn't unlink \"{}\" [{}]", "Net::Server"},
};

// milter-greylist, behind "ID: ".
constexpr FactForm kMilterGreylist[] = {
    {"addr {}[{}] from <{?}> to <{}> delayed{?} for {}", "host ip from to note wait", "greylist"},
    {"addr {}[{}] from <{?}> to <{}> blacklisted{?}", "host ip from to rule", "blacklisted"},
    {"addr {}[{}] from <{?}> blacklisted{?}", "host ip from rule", "blacklisted"},
    {"addr {}[{}] from <{?}> rcpt <{}>: autowhitelisted for {}", "host ip from to wait",
     "pass: autowhitelisted"},
    {"addr {}[{}] from <{?}> rcpt <{}>: {}", "host ip from to detail", "pass"},
    {"addr = {}[{}], from = <{?}>, rcpt = <{}>", "host ip from to", "asked"},
    {"Sender IP {} and address <{?}> are SPF-compliant, bypassing greylist", "ip from",
     "pass: SPF"},
    {"skipping greylist because sender {} is whitelisted, (from=<{?}>, rcpt=<{}>, addr={}[{}]){?}",
     "detail from to host ip rule", "pass: whitelisted"},
    {"skipping greylist because recipient {} is whitelisted, (from=<{?}>, rcpt=<{}>, "
     "addr={}[{}]){?}",
     "detail from to host ip rule", "pass: whitelisted"},
    {"skipping greylist because {}, (from=<{?}>, rcpt=<{}>, addr={}[{}]){?}",
     "detail from to host ip rule", "pass: whitelisted"},
    {"ignoring message beyond maxpeek = {}", "#maxpeek", "not read"},
};

constexpr KnownForm kMilterGreylistIgnored[] = {
    {"smfi_getsymval failed for {}", "milter-greylist.c"},
    {"User {} authenticated, bypassing greylisting", "milter-greylist.c"},
    {"STARTTLS succeeded for DN={}, bypassing greylisting", "milter-greylist.c"},
    {"whitelisted by {}", "milter-greylist.c"},
    {"loading config file {}", "conf.c"},
    {"reloading config file {}", "conf.c"},
    {"loaded config file {}", "conf.c"},
    {"reloaded config file {}", "conf.c"},
    {"p0f cache miss", "p0f.c"},
    {"p0f rejected query", "p0f.c"},
    {"p0f identified {}", "p0f.c"},
    {"p0f_lookup: {}", "p0f.c"},
    {"(local): addr {} from {?} rcpt {}: autowhitelisted entry expired", "autowhite.c"},
};
constexpr KnownForm kMilterGreylistTrouble[] = {
    {"can't connect to p0f socket {}", "p0f.c"},
    {"Cannot connect to p0f socket {}", "p0f.c"},
};

// gld, server.c.
constexpr FactForm kGld[] = {
    {"Greylist activated for recipient=<{}> sender=<{?}> ip=<{}>", "to from ip", "greylist"},
    {"Local whitelist hit for recipient=<{}> sender=<{?}> ip=<{}>", "to from ip",
     "pass: whitelist"},
    {"DNS whitelist hit for recipient=<{}> sender=<{?}> ip=<{}>", "to from ip", "pass: whitelist"},
};

}  // namespace

ParsedLine parse_gld(const LineHeader& /*header*/, std::string_view text) {
  return parse_fact("gld", LineKind::greylist_verdict, kGld, text);
}

ParsedLine parse_postgrey(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_action(text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kPostgreyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kPostgreyTrouble, text) : out;
}

ParsedLine parse_sqlgrey(const LineHeader& /*header*/, std::string_view text) {
  auto out = parse_fact("sqlgrey", LineKind::greylist_verdict, kSqlgrey, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kSqlgreyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kSqlgreyTrouble, text) : out;
}

ParsedLine parse_milter_greylist(const LineHeader& /*header*/, std::string_view text) {
  if (auto out = parse_ignored(kMilterGreylistIgnored, text); out.kind != LineKind::unrecognised) {
    return out;
  }
  auto rest = text;
  const auto id = maybe_take_until(rest, std::string_view(": "));
  if (!id) return parse_trouble(kMilterGreylistTrouble, text);
  auto out = parse_fact("milter-greylist", LineKind::greylist_verdict, kMilterGreylist, rest);
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) {
    if (!is_queue_id(*id) && *id != "(unknown id)" && *id != "(unkn)") return {};
    if (is_queue_id(*id)) fact->queue_id = *id;
  }
  return out;
}

}  // namespace rastro::companions
