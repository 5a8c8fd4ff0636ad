// SpamAssassin's spamd (spamd/spamd.raw) and spamass-milter.
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

constexpr FactForm kForms[] = {
    {"identified spam ({}/{}) for {}:{} in {} seconds, {} bytes.",
     "#score #required user uid #seconds #size", "spam"},
    {"clean message ({}/{}) for {}:{} in {} seconds, {} bytes.",
     "#score #required user uid #seconds #size", "clean"},
    {"processing message {} aka {} for {}:{}", "message_id resent_message_id user uid", "scanning"},
    {"processing message {} for {}:{}", "message_id user uid", "scanning"},
    {"checking message {} aka {} for {}:{}", "message_id resent_message_id user uid", "scanning"},
    {"checking message {} for {}:{}", "message_id user uid", "scanning"},
    {"Tell: {} for {}:{} in {} seconds, {} bytes", "learned user uid #seconds #size", "learning"},
    {"skipped large message in {} seconds", "#seconds", "too large to scan"},
};
constexpr KnownForm kIgnored[] = {
    {"spamd: connection from {} [{}] at port {}", "spamd/spamd.raw"},
    {"spamd: connection from {} [{}]:{} to port {}, fd {}", "spamd/spamd.raw"},
    {"spamd: connection from {}", "spamd/spamd.raw"},
    {"spamd: got connection over {}", "spamd/spamd.raw"},
    {"spamd: setuid to {} succeeded", "spamd/spamd.raw"},
    {"spamd: creating default_prefs: {}", "spamd/spamd.raw"},
    {"spamd: failed to create readable default_prefs: {}", "spamd/spamd.raw"},
    {"spamd: still running as root: user not specified with -u, {}", "spamd/spamd.raw"},
    {"spamd: using default config for {}: {}", "spamd/spamd.raw"},
    {"spamd: server started on {}", "spamd/spamd.raw"},
    {"spamd: server pid: {}", "spamd/spamd.raw"},
    {"spamd: server successfully spawned child process, pid {}", "spamd/spamd.raw"},
    {"spamd: server killed by {}, shutting down", "spamd/spamd.raw"},
    {"spamd: server hit by {}, restarting", "spamd/spamd.raw"},
    {"spamd: restarting using {}", "spamd/spamd.raw"},
    {"spamd: handled cleanup of child pid {}", "spamd/spamd.raw"},
    {"spamd: handled cleanup of child pid [{}] {}", "spamd/spamd.raw"},
    {"spamd: handle_user unable to find user: {}", "spamd/spamd.raw"},
    {"prefork: child states: {}", "lib/Mail/SpamAssassin/SpamdForkScaling.pm"},
    {"prefork: adjust: {}", "lib/Mail/SpamAssassin/SpamdForkScaling.pm"},
    {"prefork: server reached --max-children setting, {}",
     "lib/Mail/SpamAssassin/SpamdForkScaling.pm"},
    {"config: created user preferences file: {}", "lib/Mail/SpamAssassin.pm"},
    {"logger: removing stderr method", "lib/Mail/SpamAssassin/Logger.pm"},
    {"zoom: able to use {} 'body_0' compiled rules {}",
     "lib/Mail/SpamAssassin/Plugin/Rule2XSBody.pm"},
    {"rules: meta test {} has {}", "lib/Mail/SpamAssassin/PerMsgStatus.pm"},
    {"util: setuid: {}", "lib/Mail/SpamAssassin/Util.pm"},
    {"spamd: alert: {}", "spamd/spamd.raw"},
};
constexpr KnownForm kTrouble[] = {
    {"prefork: killing failed child {}", "lib/Mail/SpamAssassin/SpamdForkScaling.pm"},
    {"prefork: killed child {}", "lib/Mail/SpamAssassin/SpamdForkScaling.pm"},
    {"child process [{}] exited or timed out without signaling production of a PID file{?}",
     "spamd/spamd.raw"},
    {"Could not retrieve sendmail macro {}", "spamass-milter.cpp"},
    {"spamd: bad protocol: header error: {}", "spamd/spamd.raw"},
    {"spamd: timeout: {}", "spamd/spamd.raw"},
    {"spamd: service unavailable: {}", "spamd/spamd.raw"},
    {"spamd: error: {}", "spamd/spamd.raw"},
    {"spamd: copy_config timeout, respawning child process after {}", "spamd/spamd.raw"},
    {"bayes: cannot open bayes databases {}: {}", "lib/Mail/SpamAssassin/BayesStore/DBM.pm"},
    {"bayes: expire_old_tokens: {}", "lib/Mail/SpamAssassin/Bayes.pm"},
    {"mkdir {}: {}", "lib/Mail/SpamAssassin/Util.pm"},
    {"dns: {}", "lib/Mail/SpamAssassin/DnsResolver.pm"},
    {"pyzor: check failed: {}", "lib/Mail/SpamAssassin/Plugin/Pyzor.pm"},
    {"razor2: {}", "lib/Mail/SpamAssassin/Plugin/Razor2.pm"},
    {"dcc: check failed: {}", "lib/Mail/SpamAssassin/Plugin/DCC.pm"},
    {"spf: lookup failed: {}", "lib/Mail/SpamAssassin/Plugin/SPF.pm"},
    {"connect to spamd on {} failed, retrying (#{} of {}): {}", "spamc/libspamc.c"},
    {"connection attempt to spamd aborted after {} retries", "spamc/libspamc.c"},
    {"plugin: eval failed: {}", "lib/Mail/SpamAssassin/PluginHandler.pm"},
    {"rules: failed to run {} test, skipping:{?}", "lib/Mail/SpamAssassin/PerMsgStatus.pm"},
    {"auto-whitelist: open of auto-whitelist file failed: {}",
     "lib/Mail/SpamAssassin/Plugin/AWL.pm"},
};

// "Y 15 - TESTS scantime=0.1,size=2,user=u,uid=1,required_score=5.0,rhost=h,raddr=ip,rport=p,
// mid=<m@x>,autolearn=no": blanks and commas inside the Message-ID were made underscores.
ParsedLine parse_result(std::string_view text) {
  CompanionFact fact;
  fact.source = "spamd";
  if (maybe_take(text, "Y ")) {
    add_value(fact, "verdict", "spam");
  } else if (maybe_take(text, ". ")) {
    add_value(fact, "verdict", "clean");
  } else {
    return {};
  }
  while (maybe_take(text, ' ')) {
  }
  const auto score = maybe_take_until(text, std::string_view(" - "));
  const auto tests = score ? maybe_take_until(text, ' ') : std::nullopt;
  if (!tests || !is_number(*score)) return {};
  add_value(fact, "score", *score);
  add_value(fact, "tests", *tests);
  bool any = false;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", "), text.size());
    auto field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto name = maybe_take_until(field, '=');
    if (!name) return {};
    if (*name == "mid" && is_message_id(field)) fact.message_id = field;
    for (const std::string_view kept : {"size", "user", "required_score", "scantime", "bayes"}) {
      if (*name == kept) add_value(fact, kept, field);
    }
    any = true;
  }
  return any ? ParsedLine{LineKind::spamd_verdict, fact} : ParsedLine{};
}

// spampd (spampd.pl process_message()): the Message-ID and the addresses are strangers'.
constexpr FactForm kProxyForms[] = {
    {"identified spam {} ({}/{}) from {?} for {} in {}s, {} bytes.",
     "message_id #score #required from to #seconds #size", "spam"},
    {"clean message {} ({}/{}) from {?} for {} in {}s, {} bytes.",
     "message_id #score #required from to #seconds #size", "clean"},
    {"processing message {} for {} ORCPT={?}", "message_id to orcpt", "scanning"},
    {"processing message {} for {}", "message_id to", "scanning"},
    {"rules hit for {}: {?}", "message_id tests", ""},
    {"skipped large message ({}", "size", "too large to scan"},
};
constexpr KnownForm kProxyIgnored[] = {
    {"{} Process Backgrounded", "Net::Server"},
    {"{} SpamPD (type Net::Server::{}) starting! pid({})", "Net::Server"},
    {"Binding to TCP port {} on host {}", "Net::Server"},
    {"Setting gid to \"{}\"", "Net::Server"},
    {"Setting uid to \"{}\"", "Net::Server"},
    {"{} Server closing!", "Net::Server"},
    {R"({} CONNECT TCP Peer: "{}" Local: "{}")", "Net::Server"},
    {"child process initialized", "spampd.pl"},
    {"Initiated Server", "spampd.pl"},  // its debug
    {"Initiated Client", "spampd.pl"},
    {"smtp_server state: '{}'", "spampd.pl"},
    {"Destination response: '{}'", "spampd.pl"},
    {"{} Beginning prefork ({} processes)", "Net::Server::PreFork"},
    {"Beginning prefork ({} processes)", "Net::Server::PreFork"},
    {"Starting \"{}\" children", "Net::Server::PreFork"},
    {"Killing \"{}\" children", "Net::Server::PreFork"},
    {"Child Preforked ({})", "Net::Server::PreFork"},
    {"Parent ready for children.", "Net::Server::PreFork"},
};
constexpr KnownForm kProxyTrouble[] = {
    {"WARNING!! Error in process_request eval block: {}", "spampd.pl"},
};

}  // namespace

ParsedLine parse_spampd(const LineHeader& /*header*/, std::string_view text) {
  while (text.ends_with(' ')) text.remove_suffix(1);  // Net::Server's newline
  auto out = parse_fact("spampd", LineKind::spamd_verdict, kProxyForms, text);
  if (out.kind == LineKind::unrecognised) out = parse_ignored(kProxyIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kProxyTrouble, text) : out;
}

ParsedLine parse_spamd(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  maybe_take(rest, "spamd: ");  // since 3.1
  auto result = rest;
  if (maybe_take(result, "result: ")) return parse_result(result);
  const auto verdict = parse_fact("spamd", LineKind::spamd_verdict, kForms, rest);
  if (verdict.kind != LineKind::unrecognised) return verdict;
  const auto out = parse_ignored(kIgnored, text);
  return out.kind == LineKind::unrecognised ? parse_trouble(kTrouble, text) : out;
}

}  // namespace rastro::companions
