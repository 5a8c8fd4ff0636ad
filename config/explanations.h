#pragma once

#include <map>
#include <string>
#include <string_view>

#include "config/config.h"
#include "core/result.h"

namespace rastro {

// The texts of one language that explain outcomes and reasons, by their place in the file:
// "outcomes.deferred.many", "reasons.greylisted.what". docs/reasons.md has the form.
class ExplanationTexts {
 public:
  // Error::invalid lists every mistake as "file:line:column: message".
  static Result<ExplanationTexts> parse(std::string_view text, std::string_view file_name);

  // Empty when there is none.
  std::string_view find(std::string_view key) const;
  const std::map<std::string, std::string, std::less<>>& all() const { return texts_; }

 private:
  std::map<std::string, std::string, std::less<>> texts_;
};

// config/explanations/*.yaml as they were when this program was built.
std::string_view shipped_explanations(Language language);

}  // namespace rastro
