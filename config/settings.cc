#include "config/settings.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "config/quantity.h"

namespace rastro {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Enumerators count from 0 in the order of their names.
template <typename Enum>
void choice(SettingVisitor& visitor, std::string_view name, Enum& value,
            const std::vector<std::string_view>& names) {
  int number = static_cast<int>(value);
  visitor.choice(name, number, names);
  value = static_cast<Enum>(number);
}

void visit_limits(LimitSettings& limits, SettingVisitor& visitor) {
  visitor.count("limits.open_legs_max", limits.open_legs_max, 100, 10'000'000);
  visitor.count("limits.evicted_legs_max", limits.evicted_legs_max, 1'000, 100'000'000);
  visitor.count("limits.sessions_max", limits.sessions_max, 100, 10'000'000);
  visitor.count("limits.recipients_per_leg_max", limits.recipients_per_leg_max, 1, 1'000'000);
  visitor.count("limits.evidence_lines_per_leg_max", limits.evidence_lines_per_leg_max, 10,
                1'000'000);
  visitor.count("limits.timeline_per_leg_max", limits.timeline_per_leg_max, 10, 100'000);
  visitor.count("limits.facts_per_leg_max", limits.facts_per_leg_max, 0, 10'000);
  visitor.count("limits.links_per_leg_max", limits.links_per_leg_max, 1, 10'000);
  visitor.count("limits.reply_text_bytes_max", limits.reply_text_bytes_max, 80, 65'536);
  visitor.count("limits.writer_queue_batches_max", limits.writer_queue_batches_max, 1, 1'000);
}

bool is_member(std::string_view text) {
  for (const std::string_view prefix : {"user:", "group:"}) {
    if (text.starts_with(prefix)) return text.size() > prefix.size();
  }
  return false;
}

// A name of the domain name system, in ASCII; a leading dot stands for what is below it.
bool is_domain(std::string_view text) {
  constexpr std::size_t kNameMax = 253;
  if (text.starts_with('.')) text.remove_prefix(1);
  if (text.empty() || text.size() > kNameMax || text.front() == '.' || text.back() == '.')
    return false;
  return std::ranges::all_of(text, [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
  });
}

void visit_api(ApiSettings& api, SettingVisitor& visitor) {
  visitor.path("api.socket", api.socket, false);
  visitor.mode("api.socket_mode", api.socket_mode);
  visitor.word("api.socket_group", api.socket_group, "a group name");
  visitor.duration("api.request_timeout", api.request_timeout, milliseconds(100), minutes(5));
  visitor.duration("api.report_timeout", api.report_timeout, milliseconds(100), hours(1));
  visitor.count("api.response_rows_max", api.response_rows_max, 1, 100'000);
  visitor.count("api.connections_max", api.connections_max, 1, 10'000);
  visitor.count("api.connections_per_user_max", api.connections_per_user_max, 1, 10'000);
  visitor.count("api.requests_per_second_max", api.requests_per_second_max, 0, 1'000'000);
  visitor.count("api.query_threads", api.query_threads, 1, 64);
  visitor.texts("api.operators", api.operators, "user:NAME or group:NAME", is_member);
  visitor.texts("api.support", api.support, "user:NAME or group:NAME", is_member);
  visitor.texts("api.monitoring", api.monitoring, "user:NAME or group:NAME", is_member);
  visitor.texts("api.support_domains", api.support_domains,
                "a domain, or .domain for those below it too", is_domain);
  visitor.path("api.audit_file", api.audit_file, true);
}

}  // namespace

void visit_source(SourceSettings& source, SettingVisitor& visitor) {
  visitor.path("path", source.path, true);
  visitor.text("journal", source.journal, "\"system\" or a directory with journal files",
               is_journal_name);
  visitor.texts("units", source.units, "a unit name such as exim4.service", is_journal_match);
  visitor.texts("identifiers", source.identifiers, "a syslog identifier such as exim",
                is_journal_match);
  visitor.text("listen", source.listen,
               "unix:/path, udp:ADDRESS:PORT or tcp:ADDRESS:PORT, such as udp:127.0.0.1:5514",
               is_listen_address);
  choice(visitor, "format", source.format, {"auto", "syslog", "exim"});
  visitor.word("timezone", source.timezone, "a time zone name such as Europe/Madrid");
  visitor.word("host", source.host, "a host name");
  visitor.flag("follow_symlinks", source.follow_symlinks);
}

void visit_settings(Config& config, SettingVisitor& visitor) {
  visitor.sources("sources", config.sources);
  visitor.duration("first_start_reads_back", config.first_start_reads_back, seconds(0),
                   hours(24 * 31));
  choice(visitor, "duplicates", config.duplicates, {"drop", "keep"});
  choice(visitor, "lang", config.lang, {"en", "es"});
  visitor.path("store.state_directory", config.store.state_directory, false);
  visitor.duration("store.retention", config.store.retention, hours(1), hours(24 * 366));
  visitor.flag("store.retention_ack", config.store.retention_ack);
  visitor.duration("store.open_legs_age_max", config.store.open_legs_age_max, hours(1),
                   hours(24 * 366));
  visitor.size("store.ballast", config.store.ballast, 0, 1ULL << 40);
  choice(visitor, "store.raw_lines", config.store.raw_lines, {"reference", "copy"});
  visitor.size("store.bytes_max", config.store.bytes_max, 0, 1ULL << 50);
  visit_limits(config.limits, visitor);
  visit_api(config.api, visitor);
  visitor.networks("submission.webmail_clients", config.submission.webmail_clients);
  visitor.path("reasons.rules_file", config.reasons.rules_file, true);
  choice(visitor, "log.level", config.log.level, {"debug", "info", "warning", "error"});
}

}  // namespace rastro
