#include <boost/json.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {

int run_status(const CommonOptions& common, bool lines) {
  const auto response =
      Client(common.socket).get(make_target("/v1/status", {{"lines", lines ? "1" : ""}}));
  if (!response) return fail(kUnreachableOrIncomplete, response.error().message);
  if (response->status != 200) return fail(kUnreachableOrIncomplete, describe_problem(*response));
  boost::json::error_code error;
  const auto value = boost::json::parse(response->body, error);
  if (error || !value.is_object()) {
    return fail(kUnreachableOrIncomplete, "rastrod's answer is not JSON");
  }
  if (common.output == Output::csv) return fail(kUsage, "status has no CSV form; use json");
  if (common.output == Output::table) {
    std::cout << render_status(value.get_object(), detect_terminal(), lines, now_us());
  } else {
    std::cout << response->body << '\n';
  }
  std::cout.flush();
  return kFound;
}

}  // namespace rastro::cli
