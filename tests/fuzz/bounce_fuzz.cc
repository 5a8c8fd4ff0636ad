// What somebody pasted: read to the end whatever it is, within the limits, the same each time.
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "daemon/bounce/bounce.h"
#include "daemon/bounce/json.h"

namespace {

using rastro::BounceKind;
using rastro::BounceLimits;
using rastro::BounceReport;
using rastro::Found;

// Small, so that a fuzzer's short inputs reach them.
BounceLimits small_limits() {
  BounceLimits limits;
  limits.input_bytes_max = 32 * 1024;
  limits.parts_max = 8;
  limits.depth_max = 5;
  limits.header_lines_max = 100;
  limits.header_bytes_max = 1024;
  limits.text_bytes_max = 16 * 1024;
  limits.notice_bytes_max = 8 * 1024;
  limits.recipients_max = 10;
  limits.value_bytes_max = 200;
  limits.received_max = 5;
  return limits;
}

void check(bool holds) {
  if (!holds) std::abort();
}

// A value is shown to people: bounded, no control characters, and never without a place it is from.
void check_value(const Found& found, const BounceLimits& limits) {
  check(found.value.size() <= limits.value_bytes_max);
  for (const char c : found.value) check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
  check(found.value.empty() || !found.from.empty());
}

void check_report(const BounceReport& report, const BounceLimits& limits) {
  check(report.recipients.size() <= limits.recipients_max);
  for (const auto& r : report.recipients) {
    for (const auto* found : {&r.recipient, &r.original_recipient, &r.action, &r.enhanced_status,
                              &r.reply_code, &r.diagnostic, &r.remote_mta})
      check_value(*found, limits);
  }
  for (const auto* found : {&report.reporting_mta, &report.message_id, &report.subject,
                            &report.original_sender, &report.envelope_id})
    check_value(*found, limits);
  for (const auto& id : report.queue_ids) check_value(id, limits);
  check(report.kind != BounceKind::not_a_bounce || report.recipients.empty() ||
        report.not_a_bounce == rastro::NotABounce::login_refused);
  // Time may be out before anything is decided.
  const bool named = report.not_a_bounce != rastro::NotABounce::none;
  check(report.cuts.time || (report.kind == BounceKind::not_a_bounce) == named);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto limits = small_limits();
  const auto report = rastro::read_bounce(input, limits);
  check_report(report, limits);
  const auto text = boost::json::serialize(rastro::to_json(report));
  check(text == boost::json::serialize(rastro::to_json(rastro::read_bounce(input, limits))));
  // Out of time from the start: still an answer, and it says so.
  const auto late = rastro::read_bounce(input, limits, [] { return true; });
  check_report(late, limits);
  check(late.cuts.time);
  return 0;
}
