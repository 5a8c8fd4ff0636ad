#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/reason_rule.h"
#include "core/result.h"

namespace rastro {

// Reads rules (docs/reasons.md has the form). Error::invalid lists every mistake, each on a line of
// its own as "file:line:column: message". Whether RE2 takes the patterns is not looked at here.
Result<std::vector<ReasonRule>> parse_reason_rules(std::string_view text,
                                                   std::string_view file_name);
// The same from a file of at most 1 MiB.
Result<std::vector<ReasonRule>> load_reason_rules(const std::string& path);

// The text of reasons.yaml as it was when this program was built.
std::string_view shipped_reason_rules();
// reason_words.tsv likewise: what ReasonWords reads.
std::string_view shipped_reason_words();

}  // namespace rastro
