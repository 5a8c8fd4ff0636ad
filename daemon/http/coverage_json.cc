#include "daemon/http/coverage_json.h"

#include <algorithm>
#include <boost/json.hpp>

#include "daemon/answer/journey_json.h"

namespace rastro {

namespace json = boost::json;

json::object coverage_json(StoreReader& store, const TimeRange& range) {
  json::array holes;
  Time read_up_to = Time::min();
  if (const auto sources = store.coverage()) {
    for (const auto& source : *sources) {
      if (source.until) read_up_to = std::max(read_up_to, *source.until);
    }
  }
  if (const auto found = store.holes(range)) {
    for (const auto& hole : *found) {
      holes.push_back(json::object{{"source", valid_utf8(hole.source_path)},
                                   {"from", api_time(hole.from)},
                                   {"until", api_time(hole.until)},
                                   {"cause", valid_utf8(hole.cause)}});
    }
  }
  for (const auto& trouble : store.troubles()) {
    holes.push_back(json::object{{"source", trouble.file},
                                 {"from", api_time(trouble.from)},
                                 {"until", api_time(trouble.until)},
                                 {"cause", valid_utf8(trouble.why)}});
  }
  const bool complete = holes.empty() && read_up_to != Time::min();
  return {{"complete", complete},
          {"read_up_to",
           read_up_to == Time::min() ? json::value(nullptr) : json::value(api_time(read_up_to))},
          {"holes", std::move(holes)}};
}

}  // namespace rastro
