#include "cli/ask.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>

#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/pager.h"
#include "cli/phrases.h"
#include "cli/terminal.h"
#include "cli/times.h"

namespace rastro::cli {

namespace json = boost::json;

Language CommonOptions::language() const {
  return parse_language(lang).value_or(language_of_locale());
}

std::string CommonOptions::zone() const { return tz.empty() ? zone_of_environment() : tz; }

View CommonOptions::view() const {
  std::string typed;
  const auto add = [&typed](const char* option, const std::string& value, const char* variable,
                            std::string_view otherwise) {
    const char* set = std::getenv(variable);
    if (value.empty() || value == otherwise || (set != nullptr && value == set)) return;
    typed += std::string(" ") + option + " " + typed_word(value);
  };
  add("--lang", lang, "RASTRO_LANG", "");
  add("--tz", tz, "", "");  // which sets TZ
  if (scanned.empty()) add("--socket", socket, "RASTRO_SOCKET", RASTRO_SOCKET_PATH);
  return {detect_terminal(), language(), now_us(), scanned, typed};
}

int fail(int exit_code, const std::string& message) {
  std::cout.flush();
  print_aside(message);
  return exit_code;
}

namespace {

std::chrono::milliseconds timeout_of(const CommonOptions& common) {
  return common.waits_for_ever ? std::chrono::milliseconds(0) : Client::kTimeout;
}

// A 404 of a daemon that never heard of the question, not of one that looked and found nothing.
bool is_unknown_question(const Response& response) {
  return response.body.find("\"no such resource\"") != std::string::npos;
}

}  // namespace

Result<Answer, int> judge(const CommonOptions& common, Result<Response> response,
                          NotFound not_found) {
  const auto language = common.language();
  if (!response) {
    return fail(kUnreachableOrIncomplete,
                say(language, Text::error_unreachable, {escape(response.error().message)}));
  }
  const auto problem = translate(language, describe_problem(*response));
  if (response->status == 404) {
    if (not_found == NotFound::is_an_old_daemon || is_unknown_question(*response)) {
      return fail(kUnreachableOrIncomplete, say(language, Text::error_old_daemon, {problem}));
    }
    return fail(kNothingFound, problem);
  }
  if (response->status >= 400 && response->status < 500 && response->status != 403 &&
      response->status != 429) {
    return fail(kUsage, problem);
  }
  if (response->status != 200) return fail(kUnreachableOrIncomplete, problem);
  json::error_code error;
  auto value = json::parse(response->body, error);
  if (error || !value.is_object()) {
    return fail(kUnreachableOrIncomplete, say(language, Text::error_no_json));
  }
  return Answer{std::move(response->body), std::move(value.get_object())};
}

Result<Answer, int> ask(const CommonOptions& common, const std::string& target,
                        NotFound not_found) {
  const Client client(common.socket, timeout_of(common));
  return judge(common,
               ask_without_what_is_refused(
                   target, [&](const std::string& asked) { return client.get(asked); }),
               not_found);
}

Result<Answer, int> ask_with_body(const CommonOptions& common, const std::string& target,
                                  std::string_view content_type, const std::string& body) {
  const Client client(common.socket, timeout_of(common));
  return judge(
      common,
      ask_without_what_is_refused(
          target, [&](const std::string& asked) { return client.post(asked, content_type, body); }),
      NotFound::is_an_answer);
}

std::string harmless_json(std::string_view json) {
  std::string out;
  out.reserve(json.size() + 1);
  while (!json.empty()) {
    const auto [point, size] = decode_utf8(json);
    if (size == 0) {
      out += "\\ufffd";
      json.remove_prefix(1);
      continue;
    }
    if (point >= 0x7f && is_unsafe_to_print(point)) {
      char name[16];
      if (point < 0x10000) {
        std::snprintf(name, sizeof name, "\\u%04x", static_cast<unsigned>(point));
      } else {
        const auto rest = static_cast<unsigned>(point) - 0x10000;
        std::snprintf(name, sizeof name, "\\u%04x\\u%04x", 0xd800 + (rest >> 10),
                      0xdc00 + (rest & 0x3ff));
      }
      out += name;
    } else {
      out += json.substr(0, size);
    }
    json.remove_prefix(size);
  }
  return out;
}

void print_text(const CommonOptions& common, const View& view, std::string_view text) {
  if (view.terminal.is_tty && !common.no_pager && page(text, view.terminal)) return;
  std::cout << text << std::flush;
}

void print(const CommonOptions& common, const Answer& answer, const Forms& forms) {
  switch (common.output) {
    case Output::json:
      std::cout << harmless_json(answer.body) << '\n';
      break;
    case Output::ndjson:
      if (forms.rows.empty()) std::cout << harmless_json(json::serialize(answer.object)) << '\n';
      for (const auto& row : array_of(answer.object, forms.rows)) {
        const auto* inner = row.is_object() ? row.get_object().if_contains(forms.within) : nullptr;
        std::cout << harmless_json(json::serialize(inner == nullptr ? row : *inner)) << '\n';
      }
      break;
    case Output::csv:
      std::cout << forms.as_csv();
      break;
    case Output::table: {
      const auto view = common.view();
      print_text(common, view, forms.as_table(view));
      break;
    }
  }
  std::cout.flush();
}

}  // namespace rastro::cli
