#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/json_fields.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {

namespace json = boost::json;

int fail(int exit_code, const std::string& message) {
  std::cout.flush();
  std::fprintf(stderr, "rastro: %s\n", message.c_str());
  return exit_code;
}

QueryParameters FindOptions::parameters() const {
  return {{"sender", from},
          {"recipient", to},
          {"any", any},
          {"at", at},
          {"within", within},
          {"since", since},
          {"until", until},
          {"outcome", outcome},
          {"reason", reason},
          {"submission", submission},
          {"direction", direction},
          {"queue_id", id},
          {"message_id", message_id},
          {"client", client},
          {"login", login},
          {"relay", relay},
          {"domain", domain},
          {"subject", subject},
          {"text", text},
          {"tz", tz},
          {"sort", sort},
          {"limit", limit},
          {"cursor", cursor}};
}

bool FindOptions::any_given() const {
  for (const auto& [name, value] : parameters()) {
    if (!value.empty()) return true;
  }
  return false;
}

namespace {

void print_list(Output output, const std::string& body, const json::object& answer) {
  switch (output) {
    case Output::json:
      std::cout << body << '\n';
      return;
    case Output::ndjson:
      for (const auto& item : array_of(answer, "items")) {
        if (item.is_object())
          std::cout << json::serialize(object_of(item.get_object(), "journey")) << '\n';
      }
      return;
    case Output::csv:
      std::cout << csv_of_list(answer);
      return;
    case Output::table:
      std::cout << render_list(answer, detect_terminal(), now_us());
      return;
  }
}

}  // namespace

int run_find(const CommonOptions& common, const FindOptions& options) {
  auto parameters = options.parameters();
  parameters.emplace_back("lang", common.lang);
  const auto response = Client(common.socket).get(make_target("/v1/journeys", parameters));
  if (!response) return fail(kUnreachableOrIncomplete, response.error().message);
  if (response->status == 400) return fail(kUsage, describe_problem(*response));
  if (response->status != 200) return fail(kUnreachableOrIncomplete, describe_problem(*response));
  json::error_code error;
  const auto value = json::parse(response->body, error);
  if (error || !value.is_object()) {
    return fail(kUnreachableOrIncomplete, "rastrod's answer is not JSON");
  }
  const auto& answer = value.get_object();
  print_list(common.output, response->body, answer);
  std::cout.flush();
  if (text_of(answer, "cut_by") == "time") return kUnreachableOrIncomplete;
  if (!array_of(answer, "items").empty()) return kFound;
  // "Nothing" is an answer only over logs that were read completely.
  return is_true(object_of(answer, "coverage"), "complete") ? kNothingFound
                                                            : kUnreachableOrIncomplete;
}

}  // namespace rastro::cli
