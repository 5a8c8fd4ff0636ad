// rspamd (conf/logging.inc log_format, src/libserver/task.c, src/libmime/message.c,
// src/rspamd_proxy.c): "<abc123>; task; rspamd_task_write_log: id: <m@x>, qid: <ID>, ip: 192.0.2.1,
// user: ana, from: <a@x>, (default: T (reject): [15.1/15.0] [SYM(1.0){a;},...]), len: 1, ...".
#include "parsers/companions/internal.h"
#include "parsers/forms.h"
#include "parsers/scan.h"

namespace rastro::companions {
namespace {

std::size_t occurrences(std::string_view text, std::string_view mark) {
  std::size_t count = 0;
  for (auto at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1))
    ++count;
  return count;
}

// "id: <m>, qid: <ID>, ip: ..., user: ..., from: <a>": Message-ID and sender are strangers' and
// may spell the next name; a name that stands there twice is not believed.
bool read_head(std::string_view head, CompanionFact& fact) {
  constexpr std::string_view kMarks[] = {">, qid: <", ", ip: ", ", user: ", ", from: <"};
  for (const auto mark : kMarks) {
    if (occurrences(head, mark) > 1) return true;
  }
  if (!maybe_take(head, "id: <")) return false;
  const auto end = head.find(kMarks[0]) != std::string_view::npos   ? head.find(kMarks[0])
                   : head.find(kMarks[1]) != std::string_view::npos ? head.find(kMarks[1]) - 1
                   : head.find(kMarks[3]) != std::string_view::npos ? head.find(kMarks[3]) - 1
                                                                    : head.size() - 1;
  if (end >= head.size() || head[end] != '>') return false;
  const auto message_id = head.substr(0, end);
  if (is_message_id(message_id)) fact.message_id = message_id;
  head.remove_prefix(end + 1);
  if (maybe_take(head, ", qid: <")) {
    const auto id = maybe_take_until(head, '>');
    if (!id) return false;
    if (is_queue_id(*id)) fact.queue_id = *id;
  }
  if (maybe_take(head, ", ip: ")) {
    fact.client.ip = head.substr(0, head.find(','));
    if (!is_ip(fact.client.ip)) return false;
    head.remove_prefix(fact.client.ip.size());
  }
  if (maybe_take(head, ", user: ")) {
    const auto from = head.find(", from: <");
    if (head.substr(0, from).find(", ip: ") != std::string_view::npos) {
      fact.queue_id = {};  // the order is a Message-ID's, not rspamd's
      fact.message_id.reset();
      return true;
    }
    add_value(fact, "user", head.substr(0, from));
    head.remove_prefix(std::min(from, head.size()));
  }
  if (maybe_take(head, ", from: <")) {
    if (!head.ends_with('>')) return false;
    fact.envelope_sender = head.substr(0, head.size() - 1);
    return true;
  }
  return head.empty();
}

// "T (reject): [15.10/15.00] [A(1.00){b;},C(0.1){}]), len: ..."
bool read_verdict(std::string_view text, CompanionFact& fact) {
  const auto spam = maybe_take_until(text, std::string_view(" ("));
  const auto action = spam ? maybe_take_until(text, std::string_view("): [")) : std::nullopt;
  const auto score = action ? maybe_take_until(text, '/') : std::nullopt;
  const auto required = score ? maybe_take_until(text, std::string_view("] [")) : std::nullopt;
  if (!spam || !action || !score || !required || spam->size() > 1 || !is_number(*score) ||
      !(is_number(*required) || *required == "nan"))  // no action of that name has a limit
    return false;
  add_value(fact, "verdict", *action);
  add_value(fact, "score", *score);
  add_value(fact, "required", *required);
  // Symbols' options quote the message; the counts behind them don't.
  const auto end = text.rfind("]), len: ");
  const auto end_short = end == std::string_view::npos ? text.rfind("])") : end;
  if (end_short == std::string_view::npos) return false;
  add_value(fact, "symbols", text.substr(0, end_short));
  auto tail = text.substr(end_short + 2);
  if (!tail.empty() && !maybe_take(tail, ", len: ")) return false;
  add_value(fact, "size", tail.substr(0, tail.find(',')));
  if (const auto at = tail.find(", rcpts: <"); at != std::string_view::npos) {
    auto list = tail.substr(at + 10);
    list = list.substr(0, list.find('>'));
    if (list.find(',') == std::string_view::npos) {
      fact.recipient = list;
    } else {
      add_value(fact, "recipients", list);
    }
  }
  return true;
}

ParsedLine parse_write_log(std::string_view text) {
  constexpr std::string_view kMark = ", (default: ";
  const auto at = text.find(kMark);
  const auto bare = text.find(" (default: ");  // 1.x, without the comma
  if (at == std::string_view::npos && bare == std::string_view::npos) return {};
  if (occurrences(text, "(default: ") != 1) return {};
  CompanionFact fact;
  fact.source = "rspamd";
  const bool comma = at != std::string_view::npos;
  if (!read_verdict(text.substr(comma ? at + kMark.size() : bare + kMark.size() - 1), fact) ||
      !read_head(text.substr(0, comma ? at : bare), fact)) {
    return {};
  }
  return {LineKind::rspamd_verdict, fact};
}

// Takes "mark value>" off the end of `rest`.
std::optional<std::string_view> maybe_take_last(std::string_view& rest, std::string_view mark) {
  const auto at = rest.rfind(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto value = rest.substr(at + mark.size());
  rest = rest.substr(0, at);
  return value;
}

// "loaded message; id: <m@x>; queue-id: <ID>; size: 1; checksum: <0123abcd>", from the right: the
// Message-ID is a stranger's and may spell all the rest.
ParsedLine parse_loaded(std::string_view text) {
  if (!maybe_take(text, "loaded message; id: <") || !text.ends_with('>')) return {};
  text.remove_suffix(1);
  const auto checksum = maybe_take_last(text, "; checksum: <");
  const auto size = checksum ? maybe_take_last(text, "; size: ") : std::nullopt;
  if (!checksum || !size || !is_number(*size) || !text.ends_with('>')) return {};
  text.remove_suffix(1);
  CompanionFact fact;
  fact.source = "rspamd";
  if (const auto id = maybe_take_last(text, ">; queue-id: <"); id && is_queue_id(*id)) {
    fact.queue_id = *id;
  }
  if (is_message_id(text)) fact.message_id = text;
  add_value(fact, "verdict", "loaded");
  add_value(fact, "size", *size);
  add_value(fact, "checksum", *checksum);
  return {LineKind::rspamd_verdict, fact};
}

// Behind "module; function: ".
constexpr FactForm kFormsOfModules[] = {
    {"got connection from {}:{}", "ip port", "connected"},
    {"skip learning: {}", "detail", "not learned"},
    {R"(add header command - "{}"="{?}")", "header value", "header added"},
    {R"(remove header command - "{}"{?})", "header value", "header removed"},
    {"quarantine action; {}", "detail", "quarantine"},
    {"reject: {}", "text", "rejected"},
    // src/plugins/lua/*.lua, src/libserver/task.c: why a message got the action it got
    {R"(greylisted until "{}", {?} record)", "until record", "greylisted"},
    {R"(greylisted until "{}")", "until", "greylisted"},
    {"greylisting pass (meta) until {}", "until", "greylisting passed"},
    {"greylisting pass ({}) until {}", "detail until", "greylisting passed"},
    {"<{?}>: set pre-result to '{}' ({}): '{?}' from {}", "message_id action score text module",
     "action set"},
    {"<{?}>: set pre-result to {}: '{?}' from {}", "message_id action text module", "action set"},
    // src/plugins/lua/ratelimit.lua
    {R"(ratelimit "{}" exceeded, {})", "limit detail", "rate limit"},
    {R"(ratelimit "{}" exceeded{?})", "limit detail", "rate limit"},
    {"<{?}> domain [{}] is in surbl {}", "message_id domain list", "listed"},
    {"<{?}> apply settings according to rule {}", "message_id rule", "settings applied"},
};
constexpr std::span<const FactForm> kForms(kFormsOfModules);
constexpr KnownForm kIgnored[] = {
    {"accepted connection from {} port {}", "src/worker.c"},
    {"accepted connection from {} port {}, task ptr: {}", "src/worker.c"},
    {"accepted milter connection from {} port {}", "src/rspamd_proxy.c"},
    {"accepted http connection from {} port {}", "src/rspamd_proxy.c"},
    {"finished milter connection", "src/rspamd_proxy.c"},
    {"finished master connection to {}; HTTP code: {}", "src/rspamd_proxy.c"},
    {"finished mirror connection to {}; HTTP code: {}", "src/rspamd_proxy.c"},
    {"send request to {}", "src/rspamd_proxy.c"},
    {"normally closing milter connection from: {}, {}", "src/rspamd_proxy.c"},
    {"abnormally closing milter connection from: {}, error: {}", "src/rspamd_proxy.c"},
    {"abnormally closing connection from: {}, error: {}", "src/rspamd_proxy.c"},
    {"abnormally closing connection from backend: {}, error: {}", "src/rspamd_proxy.c"},
    {"regexp statistics: {} pcre regexps scanned, {}", "src/libserver/protocol.c"},
    {"detected part language: {}", "src/libmime/message.c"},
    {"construct fake mime of type: {}", "src/libmime/message.c"},
    {"processing of task time out: {}", "src/libserver/task.c"},
    {"enabling legacy rspamc mode for session", "src/rspamd_proxy.c"},
    {"enabling legacy spamc mode for session", "src/rspamd_proxy.c"},
    {"perform full gc cycle; memory stats: {}", "src/libserver/task.c"},
    {"loaded message from zstd compressed stream; {}", "src/libserver/task.c"},
    {"got IO timeout with server {}, after {} retransmits", "src/plugins/fuzzy_check.c"},
    {"{} part is shorter than {} bytes: {}", "src/plugins/fuzzy_check.c"},
    {"slow rule: {}", "src/libserver/symcache"},
    {"read radix trie of {} elements: {}", "src/libserver/maps/map_helpers.c"},
    {"read hash of {} elements from {}", "src/libserver/maps/map_helpers.c"},
    {"read regexp list of {} elements", "src/libserver/maps/map_helpers.c"},
    {"data is not modified for server {}, {}", "src/libserver/maps/map.c"},
    {"need to reread map from {}", "src/libserver/maps/map.c"},
    {"{}: read map data {} bytes, {}", "src/libserver/maps/map.c"},
    {"{}({}): read map data {} bytes, {}", "src/libserver/maps/map.c"},
    {"cached data is now expired ({}) for {}", "src/libserver/maps/map.c"},
    {"reused cached map data for {}", "src/libserver/maps/map.c"},
    {"skip writing pid in no-fork mode", "src/libutil/util.c"},
    {"use system max file descriptors limit: {}", "src/libserver/worker_util.c"},
    {"use system max core size limit: {}", "src/libserver/worker_util.c"},
    {"cannot disable {}: not found", "src/libserver/symcache"},
    {"skip obtaining bayes tokens for {}", "src/libstat/backends/redis_backend.cxx"},
    {"skip statistics as {} class is missing", "src/libstat/stat_process.c"},
    {"detected missing CTE for part as: {}", "src/libmime/mime_parser.c"},
    {"skip DKIM checks for local networks and authorized users", "src/plugins/dkim_check.c"},
    {"skip SPF checks for local networks and authorized users", "src/plugins/lua/spf.lua"},
    {"skip DMARC checks {}", "src/plugins/lua/dmarc.lua"},
    {"skip IP Score for local networks and authorized users", "src/plugins/lua/ip_score.lua"},
    {"Skipping once_received {}", "src/plugins/lua/once_received.lua"},
    {"Score too low - skip greylisting", "src/plugins/lua/greylist.lua"},
    {"skip greylisting for local networks and/or authorized users", "src/plugins/lua/greylist.lua"},
    {"check for settings", "src/plugins/lua/settings.lua"},
    {"use default Redis settings for {}", "lualib/lua_redis.lua"},
    {"uploaded redis script to {}", "lualib/lua_redis.lua"},
    {"Using selector prefix {} for domain {}", "src/plugins/lua/arc.lua, dkim_signing.lua"},
    {"{}: failed to scan, maximum retransmits exceed{?}", "lualib/lua_scanners"},
    {"SMTP resolver failed to resolve: {} is {}", "src/plugins/lua/once_received.lua"},
    {"finished expiry step {}: {}", "src/plugins/lua/bayes_expiry.lua"},
    {"converted text part from {} to UTF-8 {}", "src/libmime/mime_encoding.c"},
    {"allow unauthorized connection from a trusted IP {}", "src/controller.c"},
    {"allow unauthorized connection from a unix socket", "src/controller.c"},
    // when it starts, is told to read its configuration again, or ends
    {"rspamd {} is starting, build id: {}", "src/rspamd.c"},
    {"rspamd {} is loading configuration, build id: {}", "src/rspamd.c"},
    {"rspamd {} is restarting", "src/rspamd.c"},
    {"cpu features: {}", "src/rspamd.c"},
    {"cryptobox configuration: {}", "src/rspamd.c"},
    {"libottery prf: {}", "src/rspamd.c"},
    {"event loop initialised with backend: {}", "src/rspamd.c"},
    {"listening for control commands on {}", "src/rspamd.c"},
    {"prepare to fork process {} ({}); listen on: {}", "src/libserver/worker_util.c"},
    {"prepare to fork process {} ({}); no bind socket", "src/libserver/worker_util.c"},
    {"starting {} process {}", "src/libserver/worker_util.c"},
    {"{} process {} terminated normally", "src/libserver/worker_util.c"},
    {"respawn process {} in lieu of terminated process with pid {}", "src/rspamd.c"},
    {"catch termination signal, waiting for {} workers for {} seconds", "src/rspamd.c"},
    {"terminating...", "src/rspamd.c"},
    {"wait for {} child processes with tags {}", "src/rspamd.c"},
    {"init lua module {}", "src/lua/lua_config.c"},
    {"lua module {} is enabled but has not been configured", "src/libserver/cfg_utils.cxx"},
    {"{} disabling unconfigured lua module", "src/libserver/cfg_utils.cxx"},
    {"lua module {} is disabled in the configuration", "src/libserver/cfg_utils.cxx"},
    {"internal module {} is disabled in `filters` line", "src/libserver/cfg_utils.cxx"},
    {"map '{}' is not found, but it can be loaded automatically later", "src/libserver/maps/map.c"},
    {"added map {}", "src/libserver/maps/map.c"},
    {"loaded {} languages, {}", "src/libmime/lang_detection.c"},
    {"cannot enable {} plugin: {}", "src/plugins/lua"},
    {"no servers are specified, disabling module", "src/plugins/lua"},
    {"{} module not configured", "src/plugins/lua"},
    {"using default redis server for module {}", "lualib/global_functions.lua"},
    {"register ann rule {}", "src/plugins/lua/neural.lua"},
    {"allow any SPF record for {}, ignore it", "src/libserver/spf.c"},
    {"disable surbl {} as it is reported to be offline", "src/plugins/surbl.c"},
    {"reuse url for complex map definition {}", "lualib/lua_maps.lua"},
};

}  // namespace

ParsedLine parse_rspamd(const LineHeader& /*header*/, std::string_view text) {
  auto rest = text;
  std::string_view tag;
  if (maybe_take(rest, '<')) {
    const auto found = maybe_take_until(rest, std::string_view(">; "));
    if (!found) return {};
    tag = *found;
  }
  const auto module = maybe_take_until(rest, std::string_view("; "));
  if (!module || module->empty() || module->size() > 40 ||
      module->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") !=
          std::string_view::npos) {
    return {};
  }
  auto said = rest;
  const auto function = maybe_take_until(said, std::string_view(": "));
  if (!function || function->find_first_of(" <(") != std::string_view::npos) {
    // log_format of an operator's own, without the function: no more than who connected.
    auto out = parse_fact("rspamd", LineKind::rspamd_verdict, kForms.first(1), rest);
    if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->task = tag;
    return out;
  }
  auto out = *function == "rspamd_task_write_log" ? parse_write_log(said) : parse_loaded(said);
  if (out.kind == LineKind::unrecognised && *function != "rspamd_task_write_log") {
    out = parse_fact("rspamd", LineKind::rspamd_verdict, kForms, said);
  }
  if (auto* fact = std::get_if<CompanionFact>(&out.event)) fact->task = tag;
  if (*function == "rspamd_task_write_log") return out;
  return out.kind == LineKind::unrecognised ? parse_ignored(kIgnored, said) : out;
}

}  // namespace rastro::companions
