#include "daemon/bounce/json.h"

#include <boost/json.hpp>

#include "daemon/answer/journey_json.h"

namespace rastro {
namespace {

namespace json = boost::json;

// Adds `value` under `name`, and where it stood to `sources`.
void add(const Found& found, std::string_view name, json::object& into, json::object& sources) {
  if (!found) {
    into[name] = nullptr;
    return;
  }
  into[name] = valid_utf8(found.value);
  sources[name] = found.from;
}

json::value time_or_null(const std::optional<Time>& at) {
  return at ? json::value(api_time(*at)) : json::value(nullptr);
}

json::object recipient_json(const BounceRecipient& recipient) {
  json::object out;
  json::object sources;
  add(recipient.recipient, "recipient", out, sources);
  add(recipient.original_recipient, "original_recipient", out, sources);
  add(recipient.action, "action", out, sources);
  add(recipient.enhanced_status, "enhanced_status", out, sources);
  out["reply_code"] = nullptr;
  if (recipient.reply_code) {
    out["reply_code"] = std::stoi(recipient.reply_code.value);
    sources["reply_code"] = recipient.reply_code.from;
  }
  add(recipient.diagnostic, "diagnostic", out, sources);
  add(recipient.remote_mta, "remote_mta", out, sources);
  add(recipient.last_attempt_at, "last_attempt", out, sources);
  add(recipient.will_retry_until, "will_retry_until", out, sources);
  const auto reason = reason_name(recipient.reason);
  out["reason"] = reason.empty() ? json::value(nullptr) : json::value(reason);
  out["ended_as"] = nullptr;
  out["sources"] = std::move(sources);
  return out;
}

json::array ids_json(const BounceReport& report) {
  json::array out;
  for (const auto& id : report.queue_ids)
    out.push_back(
        json::object{{"queue_id", valid_utf8(id.value)}, {"host", nullptr}, {"source", id.from}});
  for (const auto& received : report.received) {
    out.push_back(json::object{
        {"queue_id", valid_utf8(received.id)},
        {"host", received.by.empty() ? json::value(nullptr) : json::value(valid_utf8(received.by))},
        {"source", received.from}});
  }
  return out;
}

json::object cuts_json(const BounceCuts& cuts) {
  return {{"input_bytes", cuts.input_bytes},   {"parts", cuts.parts},
          {"header_lines", cuts.header_lines}, {"text_bytes", cuts.text_bytes},
          {"recipients", cuts.recipients},     {"time", cuts.time}};
}

}  // namespace

json::object to_json(const BounceReport& report) {
  json::object out;
  json::object sources;
  out["kind"] = bounce_kind_name(report.kind);
  const auto other = not_a_bounce_name(report.not_a_bounce);
  out["not_a_bounce"] = other.empty() ? json::value(nullptr) : json::value(other);
  sources["kind"] = valid_utf8(report.kind_because);
  json::array recipients;
  for (const auto& recipient : report.recipients) recipients.push_back(recipient_json(recipient));
  out["recipients"] = std::move(recipients);
  add(report.reporting_mta, "reporting_mta", out, sources);
  out["by_mail_program"] = report.by_program;
  add(report.account, "account", out, sources);
  add(report.message_id, "message_id", out, sources);
  add(report.subject, "subject", out, sources);
  add(report.original_sender, "envelope_sender", out, sources);
  add(report.envelope_id, "envelope_id", out, sources);
  out["arrived_at"] = time_or_null(report.arrived_at);
  if (report.arrived_at) sources["arrived_at"] = report.arrival_date.from;
  out["sent_at"] = time_or_null(report.sent_at);
  if (report.sent_at) sources["sent_at"] = report.original_date.from;
  out["bounced_at"] = time_or_null(report.bounced_at);
  if (report.bounced_at) sources["bounced_at"] = report.bounce_date.from;
  out["queue_ids"] = ids_json(report);
  out["sources"] = std::move(sources);
  out["cut"] = report.cuts.any() ? json::value(cuts_json(report.cuts)) : json::value(nullptr);
  return out;
}

}  // namespace rastro
