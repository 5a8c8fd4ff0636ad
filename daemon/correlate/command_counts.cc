#include "daemon/correlate/command_counts.h"

#include <charconv>

namespace rastro {
namespace {

std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

}  // namespace

std::optional<CommandCount> command_count(std::string_view counts, std::string_view command) {
  if (counts.find('=') == std::string_view::npos) return std::nullopt;
  while (!counts.empty()) {
    auto word = counts.substr(0, counts.find(' '));
    counts.remove_prefix(word.size());
    while (counts.starts_with(' ')) counts.remove_prefix(1);
    if (!word.starts_with(command) || word.size() <= command.size() ||
        word[command.size()] != '=') {
      continue;
    }
    word.remove_prefix(command.size() + 1);
    const auto good = take_number(word);
    if (!good) return std::nullopt;
    if (!word.starts_with('/')) return CommandCount{*good, *good};
    word.remove_prefix(1);
    const auto all = take_number(word);
    if (!all) return std::nullopt;
    return CommandCount{*good, *all};
  }
  return CommandCount{};
}

std::optional<CommandCount> content_counts(std::string_view counts) {
  const auto data = command_count(counts, "data");
  const auto chunks = command_count(counts, "bdat");
  if (!data || !chunks) return std::nullopt;
  return CommandCount{data->good + chunks->good, data->all + chunks->all};
}

}  // namespace rastro
