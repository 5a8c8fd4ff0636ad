#include <algorithm>
#include <boost/json.hpp>

#include "daemon/answer/find_request.h"
#include "daemon/answer/journey_json.h"
#include "daemon/answer/summary.h"
#include "daemon/http/answer_json.h"
#include "daemon/http/routes.h"

namespace rastro {
namespace {

namespace json = boost::json;

constexpr std::size_t kRowsDefault = 50;

std::string value_of(const Parameters& parameters, const char* name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string() : found->second;
}

json::object outcomes_json(const std::array<std::uint64_t, kOutcomeCount>& recipients) {
  json::object out;
  for (std::size_t i = 0; i < kOutcomeCount; ++i) {
    if (recipients[i] > 0) out[outcome_name(static_cast<Outcome>(i))] = recipients[i];
  }
  return out;
}

json::object row_json(const SummaryRow& row) {
  return {{"messages", row.messages},
          {"bytes", row.bytes},
          {"recipients", outcomes_json(row.recipients)}};
}

// What both questions share: the interval, the number of rows, the coverage.
struct Frame {
  TimeRange range;
  std::size_t rows_max = kRowsDefault;
  Language language = Language::en;
};

Result<Frame, ParameterError> parse_frame(const ApiContext& context, const ApiRequest& request,
                                          const QueryTools& tools) {
  Frame frame;
  frame.language = language_of(request.parameters, tools);
  const auto range = parse_range(request.parameters, context.clock->wall());
  if (!range) return range.error();
  frame.range = *range;
  const auto limit = parse_row_limit(request.parameters, kRowsDefault, context.rows_max);
  if (!limit) return limit.error();
  frame.rows_max = *limit;
  return frame;
}

QueryLimits limits_of(const ApiRequest& request) {
  QueryLimits limits{request.time_left};
  limits.stop_when = request.stopping;
  return limits;
}

ApiAnswer finish(const ApiContext& context, QueryTools& tools, const Frame& frame,
                 json::object body, std::uint64_t keys, std::size_t rows, CutBy cut) {
  const auto coverage =
      coverage_of(*tools.store, frame.range, context.clock->wall(), context.read_state());
  if (!coverage) return cannot_answer(coverage.error());
  body["keys"] = keys;
  body["more"] = keys > rows;
  body["cut_by"] = cut == CutBy::time ? json::value("time")
                   : keys > rows      ? json::value("rows")
                                      : json::value(nullptr);
  body["coverage"] = coverage_json(*coverage, frame.language);
  return ok(body, rows);
}

ApiAnswer no_addresses(const std::string& by) {
  return problem(403, "not allowed",
                 "by=" + by + " shows addresses or logins: for support and operators");
}

ApiAnswer summary(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto name = value_of(request.parameters, "by");
  const auto by = parse_summary_by(name.empty() ? "sender" : name);
  if (!by)
    return bad_parameter({"by", "allowed: sender, login, client, domain, outcome, reason, script"});
  const auto direction = value_of(request.parameters, "direction");
  const auto why = direction.empty() ? std::string_view() : why_no_direction(direction);
  if (!why.empty()) return bad_parameter({"direction", std::string(why)});
  if (request.peer.role < Role::support && *by != SummaryBy::outcome && *by != SummaryBy::reason)
    return no_addresses(name.empty() ? "sender" : name);
  const auto frame = parse_frame(context, request, tools);
  if (!frame) return bad_parameter(frame.error());
  const auto found = summarize(*tools.store, frame->range, {*by, direction}, frame->rows_max,
                               limits_of(request), *context.clock);
  if (!found) return cannot_answer(found.error());
  const bool mask = *by == SummaryBy::login && request.peer.role < Role::operates;
  json::array rows;
  for (const auto& row : found->rows) {
    auto out = row_json(row);
    const auto key = mask ? masked_login(row.key) : valid_utf8(row.key);
    out["key"] = key.empty() ? json::value(nullptr) : json::value(key);
    rows.push_back(std::move(out));
  }
  const auto count = rows.size();
  return finish(context, tools, *frame,
                {{"by", name.empty() ? "sender" : name},
                 {"total", row_json(found->total)},
                 {"rows", std::move(rows)}},
                found->keys, count, found->cut);
}

json::object deferral_json(const DeferralsRow& row, bool with_reply) {
  return {
      {"key", row.key.empty() ? json::value(nullptr) : json::value(valid_utf8(row.key))},
      {"recipients", row.recipients},
      {"attempts", row.attempts},
      {"oldest_arrived_at", api_time(row.oldest_arrived_at)},
      {"last_attempt_at", api_time(row.last_attempt_at)},
      {"reason", reason_name(row.reason)},
      {"reply_text", with_reply && !row.reply_text.empty() ? json::value(valid_utf8(row.reply_text))
                                                           : json::value(nullptr)}};
}

ApiAnswer deferrals(const ApiContext& context, const ApiRequest& request, QueryTools& tools) {
  const auto name = value_of(request.parameters, "by");
  const auto by = parse_deferrals_by(name.empty() ? "domain" : name);
  if (!by) return bad_parameter({"by", "allowed: domain, provider, reason, relay, sender"});
  const bool may_see_people = request.peer.role >= Role::support;
  if (!may_see_people && *by == DeferralsBy::sender) return no_addresses(name);
  const auto frame = parse_frame(context, request, tools);
  if (!frame) return bad_parameter(frame.error());
  const auto found = list_deferrals(*tools.store, frame->range, *by, frame->rows_max,
                                    limits_of(request), *context.clock);
  if (!found) return cannot_answer(found.error());
  json::array rows;
  for (const auto& row : found->rows) rows.push_back(deferral_json(row, may_see_people));
  const auto count = rows.size();
  return finish(context, tools, *frame,
                {{"by", name.empty() ? "domain" : name},
                 {"recipients", found->recipients},
                 {"rows", std::move(rows)}},
                found->keys, count, found->cut);
}

}  // namespace

void add_summary_routes(Router& router, const ApiContext& context) {
  const std::vector<std::string> parameters = {"since", "until", "by", "limit", "tz", "lang"};
  auto of_summary = parameters;
  of_summary.emplace_back("direction");
  router.add({.path = "/v1/summary",
              .parameters = of_summary,
              .access = Access::counts,
              .report = true,
              .audited = true,
              .handle = [context](const ApiRequest& request, QueryTools& tools) {
                return summary(context, request, tools);
              }});
  router.add({.path = "/v1/deferrals",
              .parameters = parameters,
              .access = Access::counts,
              .report = true,
              .audited = true,
              .handle = [context](const ApiRequest& request, QueryTools& tools) {
                return deferrals(context, request, tools);
              }});
}

}  // namespace rastro
