#include <boost/json.hpp>
#include <iostream>

#include "cli/commands.h"
#include "cli/csv.h"
#include "cli/exit_code.h"
#include "cli/render.h"
#include "cli/times.h"

namespace rastro::cli {

int run_show(const CommonOptions& common, const std::string& id, bool raw, const std::string& tz) {
  const auto target = make_target("/v1/journeys/" + encode_segment(id),
                                  {{"raw", raw ? "1" : ""}, {"lang", common.lang}, {"tz", tz}});
  const auto response = Client(common.socket).get(target);
  if (!response) return fail(kUnreachableOrIncomplete, response.error().message);
  if (response->status == 404) return fail(kNothingFound, describe_problem(*response));
  if (response->status == 400) return fail(kUsage, describe_problem(*response));
  if (response->status != 200) return fail(kUnreachableOrIncomplete, describe_problem(*response));
  boost::json::error_code error;
  const auto value = boost::json::parse(response->body, error);
  if (error || !value.is_object()) {
    return fail(kUnreachableOrIncomplete, "rastrod's answer is not JSON");
  }
  switch (common.output) {
    case Output::json:
    case Output::ndjson:
      std::cout << response->body << '\n';
      break;
    case Output::csv:
      std::cout << csv_of_list({{"items", {{{"journey", value}}}}});
      break;
    case Output::table:
      std::cout << render_journey(value.get_object(), detect_terminal(), now_us());
      break;
  }
  std::cout.flush();
  return kFound;
}

}  // namespace rastro::cli
