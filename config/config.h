#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"

namespace rastro {

// Every setting of rastro.yaml: the initial value here is the default. Names in the file are the
// names here, one section for each struct. config/settings.h has the limits; rastro.yaml and
// docs/man/rastro.yaml.5.md say what each changes for the operator.

enum class LogFormat : std::uint8_t {
  automatic,  // "auto": told by the first lines
  syslog,     // RFC 3164, 3339 or 5424 headers; postlogd's own file; Exim through syslog
  exim,       // mainlog, rejectlog, paniclog as Exim writes them itself
};

// Exactly one of path, journal and listen is set.
struct SourceSettings {
  std::string path{};                      // absolute; the file name may be a glob
  std::string journal{};                   // "system", or a directory of journal files
  std::vector<std::string> units{};        // of the journal; none of both: the mail facility
  std::vector<std::string> identifiers{};  // of the journal: SYSLOG_IDENTIFIER
  std::string listen{};  // "unix:/path", "udp:address:port", "tcp:address:port": syslog messages
  LogFormat format = LogFormat::automatic;
  std::string timezone{};        // of stamps that carry none: IANA name; empty: the system's
  std::string host{};            // instead of the one in the lines; empty: as logged
  bool follow_symlinks = false;  // of the last path component
  friend bool operator==(const SourceSettings&, const SourceSettings&) = default;
};

// Whether the index keeps the log lines themselves.
enum class RawLinePolicy : std::uint8_t {
  reference,  // where they stand in the log; sources that cannot be read again are copied
  copy,       // all of them, packed
};

struct StoreSettings {
  std::string state_directory = "/var/lib/rastro";
  Duration retention = std::chrono::hours(24);  // after the last activity of an ended message
  bool retention_ack = false;                   // allows more than 24 h
  Duration open_legs_age_max = std::chrono::hours(6 * 24);
  std::uint64_t ballast = 64ULL << 20;    // bytes
  std::uint64_t bytes_max = 32ULL << 30;  // of the whole index; 0: no bound
  RawLinePolicy raw_lines = RawLinePolicy::reference;
  friend bool operator==(const StoreSettings&, const StoreSettings&) = default;
};

struct LimitSettings {
  std::uint64_t open_legs_max = 20'000;
  std::uint64_t evicted_legs_max = 1'000'000;
  std::uint64_t sessions_max = 20'000;
  std::uint64_t recipients_per_leg_max = 10'000;
  std::uint64_t evidence_lines_per_leg_max = 5'000;
  std::uint64_t timeline_per_leg_max = 1'000;
  std::uint64_t facts_per_leg_max = 100;
  std::uint64_t links_per_leg_max = 200;
  std::uint64_t reply_text_bytes_max = 2'000;
  std::uint64_t writer_queue_batches_max = 1;
  friend bool operator==(const LimitSettings&, const LimitSettings&) = default;
};

struct ApiSettings {
  std::string socket = "/run/rastro/rastro.sock";
  std::uint32_t socket_mode = 0660;
  std::string socket_group = "rastro";  // empty: the daemon's own
  Duration request_timeout = std::chrono::seconds(5);
  Duration report_timeout = std::chrono::minutes(1);  // what reads every message of its interval
  std::uint64_t response_rows_max = 1'000;
  std::uint64_t connections_max = 256;
  std::uint64_t connections_per_user_max = 16;
  std::uint64_t requests_per_second_max = 1'000;  // of one user; 0: no limit
  std::uint64_t query_threads = 2;
  // "user:NAME" or "group:NAME". No operators named: whoever is in the socket's group.
  std::vector<std::string> operators;
  std::vector<std::string> support;
  std::vector<std::string> monitoring;
  // What support sees is mail of these only; ".example.org" is those below it too. Empty: all.
  std::vector<std::string> support_domains;
  std::string audit_file;  // who asked for what; empty: the journal
  friend bool operator==(const ApiSettings&, const ApiSettings&) = default;
};

struct SubmissionSettings {
  // Addresses or CIDR blocks of hosts whose mail counts as webmail.
  std::vector<std::string> webmail_clients;
  friend bool operator==(const SubmissionSettings&, const SubmissionSettings&) = default;
};

struct ReasonSettings {
  std::string rules_file;  // the operator's own rules, asked before ours; empty: none
  friend bool operator==(const ReasonSettings&, const ReasonSettings&) = default;
};

// What becomes of a source whose lines stand in another one too.
enum class DuplicatePolicy : std::uint8_t { drop, keep };

enum class Language : std::uint8_t { en, es };

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogSettings {
  LogLevel level = LogLevel::info;
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct Config {
  // Exactly one source per MTA: two logs of the same events would count everything twice.
  std::vector<SourceSettings> sources = {{.path = "/var/log/mail.log"},
                                         {.path = "/var/log/exim4/mainlog"}};
  Duration first_start_reads_back = std::chrono::hours(24);
  DuplicatePolicy duplicates = DuplicatePolicy::drop;
  Language lang = Language::en;  // of answers to those who ask for none
  StoreSettings store;
  LimitSettings limits;
  ApiSettings api;
  SubmissionSettings submission;
  ReasonSettings reasons;
  LogSettings log;
  friend bool operator==(const Config&, const Config&) = default;
};

// Longest retention without store.retention_ack: personal data of strangers.
inline constexpr Duration kRetentionWithoutAckMax = std::chrono::hours(24);

}  // namespace rastro
