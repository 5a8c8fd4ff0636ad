#pragma once

#include <functional>
#include <memory>

#include "config/config.h"
#include "core/clock.h"
#include "core/raw_line_source.h"
#include "daemon/answer/unknown_replies.h"
#include "daemon/explain/explain.h"
#include "parsers/reason_classifier.h"
#include "store/query.h"

namespace rastro {

// What every query thread has for itself.
struct QueryTools {
  std::unique_ptr<StoreReader> store;
  std::unique_ptr<RawLineSource> lines;
  std::function<void()> refresh;  // before each question, which may wait in it: what was read
  const Clock* clock = nullptr;   // null: no time is of today
  std::shared_ptr<const Explainer> explainer;             // null: answers carry no explanation
  Language language = Language::en;                       // of those who ask for none
  std::shared_ptr<const ReasonRules> rules;               // null: no rules to test a reply with
  std::function<UnknownReplies::List()> unknown_replies;  // empty: not counted here
};

}  // namespace rastro
