#include "config/load.h"

#include <algorithm>
#include <array>
#include <set>

#include "config/machine.h"
#include "config/quantity.h"
#include "config/read_text.h"
#include "config/settings.h"
#include "config/time_zone.h"
#include "config/yaml_node.h"
#include "core/edit_distance.h"

namespace rastro {
namespace {

constexpr std::size_t kSourcesMax = 64;
constexpr std::size_t kNetworksMax = 10'000;
constexpr std::size_t kNamesMax = 100;
constexpr std::size_t kPathBytesMax = 4'000;

std::string quote(std::string_view text) {
  constexpr std::size_t kShownMax = 60;
  return '"' + std::string(text.substr(0, kShownMax)) + (text.size() > kShownMax ? "...\"" : "\"");
}

using Names = std::set<std::string, std::less<>>;

std::string unknown_key(std::string_view key, const Names& known) {
  constexpr std::size_t kComparedMax = 64;
  std::string message = "unknown key " + quote(key);
  const std::string* nearest = nullptr;
  std::size_t best = std::max<std::size_t>(2, key.size() / 3) + 1;
  if (key.size() <= kComparedMax) {
    for (const auto& name : known) {
      const auto steps = edit_distance(key, name, best);
      if (steps < best) {
        best = steps;
        nearest = &name;
      }
    }
  }
  if (nearest != nullptr) return message + "; did you mean " + quote(*nearest) + "?";
  message += "; known here:";
  for (const auto& name : known) message += ' ' + name;
  return message;
}

// Brackets of a glob must close, or fnmatch(3) takes them literally and silently matches nothing.
bool is_balanced_glob(std::string_view glob) {
  for (std::size_t i = 0; i < glob.size(); ++i) {
    if (glob[i] == '\\') {
      if (++i == glob.size()) return false;
    } else if (glob[i] == '[') {
      // "[]a]" and "[!]a]": a bracket in first place is a member.
      auto from = i + 1;
      if (from < glob.size() && (glob[from] == '!' || glob[from] == '^')) ++from;
      const auto close = from < glob.size() ? glob.find(']', from + 1) : std::string_view::npos;
      if (close == std::string_view::npos) return false;
      i = close;
    }
  }
  return true;
}

std::string directory_of(std::string_view path) {
  return std::string(path.substr(0, path.rfind('/')));
}

bool is_host_name(std::string_view text) {
  constexpr std::size_t kNameMax = 253;
  return text.size() <= kNameMax && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '.' || c == '-' || c == '_';
         });
}

// Fills the settings that a map names; remembers what it asked for, so that the rest is unknown.
class Reader : public SettingVisitor {
 public:
  Reader(const YamlNode& root, std::vector<YamlProblem>& problems)
      : root_(root), problems_(problems) {}

  void duration(std::string_view name, Duration& value, Duration min, Duration max) override {
    const auto* text = take_scalar(name, "a duration such as 90s, 24h or 6d");
    if (text == nullptr) return;
    const auto parsed = parse_duration(text->text);
    if (!parsed) return bad(*text, name, "a duration such as 200ms, 90s, 5m, 24h or 6d");
    if (*parsed < min || *parsed > max) {
      return outside(*text, name, format_duration(min), format_duration(max));
    }
    value = *parsed;
  }

  void size(std::string_view name, std::uint64_t& bytes, std::uint64_t min,
            std::uint64_t max) override {
    const auto* text = take_scalar(name, "a size such as 64MiB");
    if (text == nullptr) return;
    const auto parsed = parse_size(text->text);
    if (!parsed) return bad(*text, name, "a size such as 512, 64KiB, 64MiB or 2GiB");
    if (*parsed < min || *parsed > max) {
      return outside(*text, name, format_size(min), format_size(max));
    }
    bytes = *parsed;
  }

  void count(std::string_view name, std::uint64_t& value, std::uint64_t min,
             std::uint64_t max) override {
    const auto* text = take_scalar(name, "a whole number");
    if (text == nullptr) return;
    const auto parsed = parse_count(text->text);
    if (!parsed) return bad(*text, name, "a whole number");
    if (*parsed < min || *parsed > max) {
      return outside(*text, name, std::to_string(min), std::to_string(max));
    }
    value = *parsed;
  }

  void flag(std::string_view name, bool& value) override {
    const auto* text = take_scalar(name, "true or false");
    if (text == nullptr) return;
    if (text->quoted || (text->text != "true" && text->text != "false")) {
      return bad(*text, name, "true or false");
    }
    value = text->text == "true";
  }

  void path(std::string_view name, std::string& value, bool may_be_empty) override {
    const auto* text = take_scalar(name, "an absolute path");
    if (text == nullptr) return;
    const auto& path = text->text;
    const bool empty_is_fine = path.empty() && may_be_empty;
    if (!empty_is_fine && (!path.starts_with('/') || path.size() > kPathBytesMax)) {
      return bad(*text, name, "an absolute path");
    }
    value = path;
  }

  void word(std::string_view name, std::string& value, std::string_view what) override {
    const auto* text = take_scalar(name, what);
    if (text == nullptr) return;
    if (name == "timezone") {
      if (const auto why = why_no_time_zone(text->text); !why.empty())
        return add(text->mark, std::string(name) + " must be " + std::string(what) + ", not " +
                                   quote(text->text) + ": " + why);
    } else if (!text->text.empty() && !is_host_name(text->text)) {
      return bad(*text, name, what);
    }
    value = text->text;
  }

  void mode(std::string_view name, std::uint32_t& value) override {
    const auto* text = take_scalar(name, "a file mode such as \"0660\"");
    if (text == nullptr) return;
    const auto& digits = text->text;
    const bool fine = text->quoted && digits.size() == 4 && digits[0] == '0' &&
                      digits.find_first_not_of("01234567") == std::string::npos;
    if (!fine) return bad(*text, name, "a quoted file mode such as \"0660\"");
    if ((digits[1] - '0') < 6) {
      return add(text->mark, std::string(name) + ": the owner must be able to read and write");
    }
    value = static_cast<std::uint32_t>(std::stoul(digits, nullptr, 8));
  }

  void choice(std::string_view name, int& value,
              const std::vector<std::string_view>& names) override {
    std::string what = "one of";
    for (const auto& known : names) what += ' ' + std::string(known);
    const auto* text = take_scalar(name, what);
    if (text == nullptr) return;
    const auto found = std::find(names.begin(), names.end(), text->text);
    if (found == names.end()) return bad(*text, name, what);
    value = static_cast<int>(found - names.begin());
  }

  void text(std::string_view name, std::string& value, std::string_view what,
            bool (*is_fine)(std::string_view)) override {
    const auto* text = take_scalar(name, what);
    if (text == nullptr) return;
    if (!is_fine(text->text)) return bad(*text, name, what);
    value = text->text;
  }

  void texts(std::string_view name, std::vector<std::string>& value, std::string_view what,
             bool (*is_fine)(std::string_view)) override {
    const auto* list = take_list(name, kNamesMax);
    if (list == nullptr) return;
    value.clear();
    for (const auto& item : list->items) {
      if (item.kind != YamlNode::Kind::scalar || !is_fine(item.text)) {
        bad(item, name, what);
      } else {
        value.push_back(item.text);
      }
    }
  }

  void networks(std::string_view name, std::vector<std::string>& value) override {
    const auto* list = take_list(name, kNetworksMax);
    if (list == nullptr) return;
    value.clear();
    for (const auto& item : list->items) {
      if (item.kind != YamlNode::Kind::scalar || !is_ip_or_cidr(item.text)) {
        bad(item, name, "an address or a block such as 192.0.2.0/24");
      } else {
        value.push_back(item.text);
      }
    }
  }

  void sources(std::string_view name, std::vector<SourceSettings>& value) override;

  // Call last: keys and sections that no setting asked for.
  void report_unknown(std::string_view section = {});

 private:
  const YamlNode* take(std::string_view name);
  const YamlNode* take_scalar(std::string_view name, std::string_view what);
  const YamlNode* take_list(std::string_view name, std::size_t items_max);
  void read_source(const YamlNode& item, SourceSettings& source);

  void add(YamlMark mark, std::string message) { problems_.push_back({mark, std::move(message)}); }
  void bad(const YamlNode& node, std::string_view name, std::string_view what) {
    std::string message = std::string(name) + " must be " + std::string(what);
    if (node.kind == YamlNode::Kind::scalar) message += ", not " + quote(node.text);
    add(node.mark, std::move(message));
  }
  void outside(const YamlNode& node, std::string_view name, const std::string& min,
               const std::string& max) {
    add(node.mark, std::string(name) + " must be between " + min + " and " + max + ", not " +
                       quote(node.text));
  }

  const YamlNode& root_;
  std::vector<YamlProblem>& problems_;
  Names names_;                   // of the top level
  std::set<std::string> broken_;  // sections reported as no section
  std::vector<std::pair<std::string, Names>> sections_;
};

// Remembers the name as known, and finds its value; nullptr when the file does not set it.
const YamlNode* Reader::take(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) {
    names_.emplace(name);
    return root_.find(name);
  }
  const auto section = name.substr(0, dot);
  const auto key = name.substr(dot + 1);
  if (sections_.empty() || sections_.back().first != section) {
    sections_.emplace_back(section, Names{});
    names_.emplace(section);
  }
  sections_.back().second.emplace(key);
  const auto* map = root_.find(section);
  // A section with every line commented out is null: all defaults.
  if (map == nullptr || map->kind == YamlNode::Kind::null) return nullptr;
  if (map->kind != YamlNode::Kind::map) {
    if (broken_.emplace(section).second) {
      add(map->mark, std::string(section) + " must be a section with settings below it");
    }
    return nullptr;
  }
  return map->find(key);
}

const YamlNode* Reader::take_scalar(std::string_view name, std::string_view what) {
  const auto* node = take(name);
  if (node == nullptr || node->kind == YamlNode::Kind::scalar) return node;
  add(node->mark,
      std::string(name) +
          (node->kind == YamlNode::Kind::null ? " has no value; it must be " : " must be ") +
          std::string(what));
  return nullptr;
}

const YamlNode* Reader::take_list(std::string_view name, std::size_t items_max) {
  const auto* node = take(name);
  if (node == nullptr) return nullptr;
  if (node->kind != YamlNode::Kind::list) {
    add(node->mark, std::string(name) + " must be a list");
    return nullptr;
  }
  if (node->items.size() > items_max) {
    add(node->mark, std::string(name) + " has more than " + std::to_string(items_max) + " entries");
    return nullptr;
  }
  return node;
}

void Reader::sources(std::string_view name, std::vector<SourceSettings>& value) {
  const auto* list = take_list(name, kSourcesMax);
  if (list == nullptr) return;
  if (list->items.empty()) return add(list->mark, "sources is empty: nothing would be read");
  value.clear();
  std::set<std::string> paths;
  for (const auto& item : list->items) {
    SourceSettings source;
    read_source(item, source);
    const auto& named = !source.path.empty()      ? source.path
                        : !source.journal.empty() ? source.journal
                                                  : source.listen;
    if (!named.empty() && !paths.insert(named).second) {
      add(item.mark, "sources names " + quote(named) + " twice");
    }
    value.push_back(std::move(source));
  }
}

void Reader::read_source(const YamlNode& item, SourceSettings& source) {
  if (item.kind != YamlNode::Kind::map) {
    return add(item.mark, "each of sources must be a map such as \"- path: /var/log/mail.log\"");
  }
  Reader reader(item, problems_);
  visit_source(source, reader);
  reader.report_unknown("sources");
  if (item.find("path") == nullptr && item.find("journal") == nullptr &&
      item.find("listen") == nullptr) {
    return add(item.mark, "a source needs one of path, journal and listen");
  }
  const auto given = static_cast<int>(!source.path.empty()) +
                     static_cast<int>(!source.journal.empty()) +
                     static_cast<int>(!source.listen.empty());
  if (given > 1) add(item.mark, "a source has only one of path, journal and listen");
  const auto* path = item.find("path");
  if (path == nullptr || source.path.empty()) return;
  if (source.path.back() == '/') return add(path->mark, "path names a directory, not a file");
  if (!is_balanced_glob(source.path)) {
    add(path->mark, "path: unbalanced [ or trailing \\ in the glob " + quote(source.path));
  }
  if (directory_of(source.path).find_first_of("*?[") != std::string::npos) {
    add(path->mark, "path: only the file name may be a glob, not a directory");
  }
}

void Reader::report_unknown(std::string_view section) {
  const auto report = [&](const YamlNode& map, const Names& known, std::string_view where) {
    for (const auto& entry : map.entries) {
      if (known.contains(entry.key)) continue;
      auto message = unknown_key(entry.key, known);
      if (!where.empty()) message.insert(0, std::string(where) + ": ");
      add(entry.mark, std::move(message));
    }
  };
  report(root_, names_, section);
  for (const auto& [name, known] : sections_) {
    const auto* map = root_.find(name);
    if (map != nullptr) report(*map, known, name);
  }
}

// What no single setting can tell.
void check_together(const Config& config, const YamlNode& root,
                    std::vector<YamlProblem>& problems) {
  const auto mark_of = [&](std::string_view key, std::string_view section = "store") {
    const auto* map = root.find(section);
    const auto* node = map == nullptr ? nullptr : map->find(key);
    return node == nullptr ? YamlMark{} : node->mark;
  };
  if (config.api.socket.size() > kApiSocketPathMax) {
    problems.push_back({mark_of("socket", "api"), "api.socket: a socket's path has at most " +
                                                      std::to_string(kApiSocketPathMax) +
                                                      " bytes, this one has " +
                                                      std::to_string(config.api.socket.size())});
  }
  if (config.store.retention > kRetentionWithoutAckMax && !config.store.retention_ack) {
    problems.push_back({mark_of("retention"),
                        "store.retention: more than " + format_duration(kRetentionWithoutAckMax) +
                            " of other people's mail metadata needs store.retention_ack: true"});
  }
  if (config.store.open_legs_age_max < config.store.retention) {
    problems.push_back({mark_of("open_legs_age_max"),
                        "store.open_legs_age_max must not be shorter than store.retention (" +
                            format_duration(config.store.retention) + ")"});
  }
}

Result<Config> parse(std::string_view text, std::string_view file_name, bool on_this_machine) {
  std::vector<YamlProblem> problems;
  Config config;
  if (const auto root = parse_yaml(text, problems)) {
    if (root->kind == YamlNode::Kind::map) {
      Reader reader(*root, problems);
      visit_settings(config, reader);
      reader.report_unknown();
      check_together(config, *root, problems);
    } else if (root->kind != YamlNode::Kind::null) {
      problems.push_back({root->mark, "must be a map of settings such as \"log:\""});
    }
    if (on_this_machine) check_on_machine(config, *root, problems);
  }
  if (problems.empty()) return config;
  return make_error(Error::Code::invalid, format_problems(file_name, std::move(problems)));
}

}  // namespace

Result<Config> parse_config(std::string_view text, std::string_view file_name) {
  return parse(text, file_name, false);
}

Result<Config> load_config(const std::string& path) {
  auto text = read_text(path, kYamlBytesMax);
  if (!text) return text.error();
  return parse(*text, path, false);
}

Result<Config> check_config(const std::string& path) {
  auto text = read_text(path, kYamlBytesMax);
  if (!text) return text.error();
  return parse(*text, path, true);
}

}  // namespace rastro
