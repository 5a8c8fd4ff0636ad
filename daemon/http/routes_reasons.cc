#include <boost/json.hpp>

#include "core/enhanced_status.h"
#include "daemon/answer/journey_json.h"
#include "daemon/bounce/pasted_reply.h"
#include "daemon/http/answer_json.h"
#include "daemon/http/routes.h"
#include "parsers/reason_classifier.h"

namespace rastro {
namespace {

namespace json = boost::json;

constexpr std::size_t kReplyBodyBytesMax = 64 * 1024;
constexpr std::size_t kWordsMax = 5;

json::array words_json(const ReasonDecision& decision) {
  json::array out;
  for (const auto& word : decision.words) {
    if (out.size() < kWordsMax) out.push_back(json::value(valid_utf8(word)));
  }
  return out;
}

json::value rule_json(const ReasonRule* rule) {
  if (rule == nullptr) return nullptr;
  json::array patterns;
  for (const auto& pattern : rule->patterns) patterns.push_back(json::value(valid_utf8(pattern)));
  return json::object{{"name", valid_utf8(rule->name)},
                      {"provider", text_or_null(rule->provider)},
                      {"line", rule->line},
                      {"match", std::move(patterns)}};
}

// Why that rule: its text was found, or no text was and the codes decided, or nothing did. "words":
// no rule but the words, each of which speaks a little for it.
std::string_view decided_by(const ReasonDecision& decision) {
  if (decision.by_words) return "words";
  if (decision.rule == nullptr) return "nothing";
  return decision.rule->patterns.empty() ? "codes" : "text";
}

// A reply as pasted: one text, its lines joined as an MTA's log joins them.
std::string as_logged(std::string_view body) {
  std::string out;
  for (const char c : body) {
    const bool ends_line = c == '\r' || c == '\n';
    if (ends_line && (out.empty() || out.back() == ' ')) continue;
    out.push_back(ends_line ? ' ' : c);
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

ApiAnswer test_reply(const ApiRequest& request, const QueryTools& tools) {
  if (!tools.rules) return problem(503, "no rules", "this rastrod has no reason rules loaded");
  const auto text = as_logged(request.body);
  if (text.empty()) {
    return problem(400, "nothing to test",
                   "the body is the reply as text, such as: 450 4.7.1 Greylisted");
  }
  const auto pasted = pasted_reply(text);
  const auto decision = tools.rules->decide(pasted.enhanced_status, 0, pasted.text);
  return ok({{"reason", reason_name(decision.reason)},
             {"decided_by", decided_by(decision)},
             {"rule", rule_json(decision.rule)},
             {"words", words_json(decision)},
             {"reply_code",
              decision.reply_code == 0 ? json::value(nullptr) : json::value(decision.reply_code)},
             {"enhanced_status", decision.enhanced_status
                                     ? json::value(to_string(*decision.enhanced_status))
                                     : json::value(nullptr)},
             {"masked", valid_utf8(decision.masked)}});
}

ApiAnswer list_unknown(const QueryTools& tools) {
  json::array items;
  if (tools.unknown_replies) {
    for (const auto& seen : tools.unknown_replies()) {
      items.push_back(json::object{{"masked", valid_utf8(seen.masked)},
                                   {"count", seen.count},
                                   {"count_too_high_by_max", seen.count_too_high_by_max}});
    }
  }
  const auto rows = items.size();
  return ok({{"items", std::move(items)}}, rows);
}

}  // namespace

void add_reason_routes(Router& router) {
  router.add({.method = "POST",
              .path = "/v1/reasons/test",
              .access = Access::counts,
              .body_bytes_max = kReplyBodyBytesMax,
              .handle = [](const ApiRequest& request, QueryTools& tools) {
                return test_reply(request, tools);
              }});
  router.add({.path = "/v1/reasons/unknown",
              .access = Access::personal_data,
              .handle = [](const ApiRequest& /*request*/, QueryTools& tools) {
                return list_unknown(tools);
              }});
}

}  // namespace rastro
