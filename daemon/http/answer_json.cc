#include "daemon/http/answer_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/address.h"
#include "daemon/answer/journey_json.h"
#include "daemon/answer/sentences.h"

namespace rastro {
namespace {

namespace json = boost::json;

json::value time_or_null(const std::optional<Time>& at) {
  return at ? json::value(api_time(*at)) : json::value(nullptr);
}
// An interval without that end.
json::value bound_or_null(Time at) {
  return at == Time::min() || at == Time::max() ? json::value(nullptr) : json::value(api_time(at));
}
}  // namespace

json::object coverage_json(const Coverage& coverage, Language language) {
  json::array holes;
  for (const auto& hole : coverage.holes) {
    const auto cause = cause_of_hole(hole.cause, language);
    holes.push_back(json::object{{"source", text_or_null(hole.source_path)},
                                 {"from", bound_or_null(hole.from)},
                                 {"until", bound_or_null(hole.until)},
                                 {"cause", valid_utf8(cause.text)},
                                 {"cause_code", cause.code}});
  }
  json::array sources;
  for (const auto& source : coverage.sources) {
    sources.push_back(json::object{{"source", valid_utf8(source.path)},
                                   {"from", time_or_null(source.from)},
                                   {"until", time_or_null(source.until)}});
  }
  const auto behind = std::chrono::floor<std::chrono::seconds>(coverage.behind).count();
  return {{"complete", coverage.complete},
          {"from", bound_or_null(coverage.range.from)},
          {"until", bound_or_null(coverage.range.until)},
          {"read_up_to", time_or_null(coverage.read_up_to)},
          {"behind_seconds", behind},
          {"holes", std::move(holes)},
          {"sources", std::move(sources)}};
}

json::array encounters_json(const std::vector<Encounter>& encounters, Role role) {
  json::array out;
  for (const auto& encounter : encounters) {
    const auto login = role >= Role::operates ? encounter.login : masked_login(encounter.login);
    out.push_back(json::object{
        {"at", api_time(encounter.at)},
        {"kind", encounter_kind_name(encounter.kind)},
        {"host", text_or_null(encounter.host)},
        {"client_host", text_or_null(encounter.client.host)},
        {"client_ip", text_or_null(encounter.client.ip)},
        {"login", text_or_null(login)},
        {"text", role >= Role::operates ? text_or_null(encounter.text) : json::value(nullptr)}});
  }
  return out;
}

json::array readings_json(const std::vector<Reading>& readings) {
  json::array out;
  for (const auto& one : readings) {
    const auto time = one.time.value_or(TimeRange{});
    out.push_back(json::object{
        {"parameter", one.parameter},
        {"typed", valid_utf8(one.typed)},
        {"value", one.time ? json::value(nullptr) : json::value(valid_utf8(one.value))},
        {"from", one.time ? json::value(api_time(time.from)) : json::value(nullptr)},
        {"until", one.time ? json::value(api_time(time.until)) : json::value(nullptr)}});
  }
  return out;
}

json::array refused_json(const std::vector<RefusedGroup>& groups, Role role) {
  const bool all = role >= Role::operates;
  json::array out;
  for (const auto& group : groups) {
    out.push_back(
        json::object{{"kind", encounter_kind_name(group.kind)},
                     {"cause", text_or_null(group.cause)},
                     {"login", text_or_null(all ? group.login : masked_login(group.login))},
                     {"client_host", text_or_null(group.client.host)},
                     {"client_ip", text_or_null(group.client.ip)},
                     {"host", text_or_null(group.host)},
                     {"text", all ? text_or_null(group.text) : json::value(nullptr)},
                     {"tries", group.tries},
                     {"first_at", api_time(group.first)},
                     {"last_at", api_time(group.last)}});
  }
  return out;
}

json::array unnamed_json(const std::vector<UnnamedMail>& messages) {
  json::array out;
  for (const auto& mail : messages) {
    out.push_back(json::object{
        {"at", api_time(mail.at)},
        {"id", mail.leg == 0 ? json::value(nullptr) : json::value(format_leg_id(mail.leg))},
        {"host", text_or_null(mail.host)},
        {"envelope_sender", text_or_null(mail.envelope_sender)},
        {"client_host", text_or_null(mail.client.host)},
        {"client_ip", text_or_null(mail.client.ip)}});
  }
  return out;
}

json::array suggestions_json(const std::vector<Suggestion>& suggestions, const Parameters& asked,
                             Role role) {
  json::array out;
  for (const auto& suggestion : suggestions) {
    // Whoever sees logins masked would be told them.
    const bool typed = suggestion.kind == Suggestion::Kind::other_interval;
    if (suggestion.parameter == "login" && !typed && role < Role::operates) continue;
    json::object question;
    for (const auto& [name, value] : asked) {
      const bool of_the_answer = name == "lang" || name == "limit" || name == "cursor" ||
                                 name == "sort" || name == "thorough";
      const auto& dropped = suggestion.dropped;
      if (of_the_answer || std::ranges::find(dropped, name) != dropped.end()) continue;
      question[name] = valid_utf8(value);
    }
    if (!typed || !question.contains(suggestion.parameter))
      question[suggestion.parameter] = valid_utf8(suggestion.value);
    out.push_back(json::object{{"kind", suggestion_kind_name(suggestion.kind)},
                               {"parameter", suggestion.parameter},
                               {"value", valid_utf8(suggestion.value)},
                               {"messages", suggestion.messages},
                               {"messages_is_exact", suggestion.messages_is_exact},
                               {"parameters", std::move(question)}});
  }
  return out;
}

Telling telling_of(const Parameters& parameters) {
  const auto given = [&](const char* name) {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string() : found->second;
  };
  Telling out;
  const auto lang = given("lang");
  if (lang == "en") out.language = Language::en;
  if (lang == "es") out.language = Language::es;
  out.timezone = given("tz");
  return out;
}

Language language_of(const Parameters& parameters, const QueryTools& tools) {
  return telling_of(parameters).language.value_or(tools.language);
}

json::object journey_json(const Journey& journey, const QueryTools& tools, bool raw, Role role,
                          const Telling& telling, const json::storage_ptr& memory) {
  JourneyJsonOptions options;
  options.memory = memory;
  options.raw = raw;
  options.lines = tools.lines.get();
  options.explainer = tools.explainer.get();
  options.language = telling.language.value_or(tools.language);
  options.timezone = telling.timezone;
  if (tools.clock != nullptr) options.now = tools.clock->wall();
  auto out = to_json(journey, options);
  if (role >= Role::operates) return out;
  if (auto* submission = out["submission"].if_object()) {
    auto& login = (*submission)["login"];
    if (login.is_string()) {
      const auto& text = login.get_string();
      login = masked_login({text.data(), text.size()});
    }
  }
  return out;
}

json::array asked_for_json(const std::vector<MatchedRecipient>& recipients,
                           const json::storage_ptr& memory) {
  json::array out(memory);
  for (const auto& recipient : recipients) {
    out.push_back(json::object(
        {{"position", recipient.position}, {"address", text_or_null(recipient.address)}}, memory));
  }
  return out;
}

std::string masked_login(std::string_view login) {
  if (login.empty()) return "";
  const auto parts = split_address(login);
  std::string out(parts.local_part.substr(0, 1));
  out += "***";
  if (!parts.domain.empty()) out.append("@").append(parts.domain);
  return valid_utf8(out);
}

ApiAnswer cannot_answer(const Error& error) {
  return problem(503, "the index cannot answer", error.message);
}

}  // namespace rastro
