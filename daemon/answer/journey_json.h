#pragma once

#include <boost/json/fwd.hpp>
#include <boost/json/storage_ptr.hpp>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/raw_line_source.h"
#include "daemon/answer/journey.h"
#include "daemon/explain/explain.h"

namespace rastro {

struct JourneyJsonOptions {
  bool raw = false;
  RawLineSource* lines = nullptr;        // needed for source names, and for raw lines
  Time read_up_to = Time::max();         // what the logs were read to
  const Explainer* explainer = nullptr;  // null: no explanations
  Language language = Language::en;      // of the explanations
  std::string timezone{};                // of the times in them; empty: this machine's
  Time now{};                            // times of this day stand there without a date
  // Where the JSON is made; it must outlive what is made there. Null: the heap.
  boost::json::storage_ptr memory{};
};

// The one shape of a journey (DESIGN 8, docs/api.md). Valid JSON whatever bytes the log had.
boost::json::object to_json(const Journey& journey, const JourneyJsonOptions& options);

// An `explanation` of docs/api.md, in that language.
boost::json::object told_json(const Explanation& told, Language language,
                              const boost::json::storage_ptr& memory = {});

// RFC 3339, UTC, microseconds: "2026-11-24T01:40:29.123456Z".
std::string api_time(Time at);
// `bytes` with every invalid UTF-8 sequence replaced by U+FFFD.
std::string valid_utf8(std::string_view bytes);
// The same as a JSON string; null when it is empty.
boost::json::value text_or_null(std::string_view bytes,
                                const boost::json::storage_ptr& memory = {});

}  // namespace rastro
