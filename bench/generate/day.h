#pragma once

#include <cstdint>
#include <cstdio>

#include "bench/generate/day_log.h"

namespace rastro::bench {

struct DayOptions {
  std::uint64_t messages = 1'000'000;
  std::uint64_t seed = 1;
  double messages_per_s = 1'000'000.0 / 86'400;
  std::int64_t start = 1'772'409'600'000'000;  // 2026-03-02T00:00:00Z, microseconds
  bool long_ids = false;                       // Postfix: enable_long_queue_ids
};

// One server's log of `messages` messages: per message connect, client, message-id, queue active,
// 1.3 deliveries, removed, disconnect; 10 % deferred 1 to 6 times, 3 % bounced with a child, 15 %
// of sessions with a refused recipient, 10 % through a content filter, half with TLS, 20 % with a
// login, 2 % foreign or unknown lines, 200 sessions interleaved. Returns the number of lines.
std::uint64_t write_postfix_day(const DayOptions& options, DayLog& log, ExpectedOut& expected);
std::uint64_t write_exim_day(const DayOptions& options, DayLog& log, ExpectedOut& expected);

// Of a message, drawn the same way for both servers.
inline constexpr double kDeferred = 0.10;
inline constexpr double kBounced = 0.03;
inline constexpr double kFiltered = 0.10;
inline constexpr double kTls = 0.50;
inline constexpr double kLogin = 0.20;
inline constexpr double kRefusedOnly = 0.10;   // the session ends with the refusal
inline constexpr double kRefusedFirst = 0.05;  // and one recipient is accepted after it
inline constexpr double kForeignLine = 0.02;
inline constexpr double kStillDeferred = 0.10;  // of the deferred: no end within the log
inline constexpr double kSessions = 200;

}  // namespace rastro::bench
