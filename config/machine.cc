#include "config/machine.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace rastro {
namespace {

const YamlNode* find_setting(const YamlNode& root, std::string_view section, std::string_view key) {
  const auto* map = root.find(section);
  return map == nullptr ? nullptr : map->find(key);
}

YamlMark place_of(const YamlNode* node) { return node == nullptr ? YamlMark{} : node->mark; }

bool is_there(const std::string& member) {
  constexpr std::string_view kUser = "user:";
  constexpr std::string_view kGroup = "group:";
  if (member.starts_with(kUser)) return getpwnam(member.c_str() + kUser.size()) != nullptr;
  return getgrnam(member.c_str() + kGroup.size()) != nullptr;
}

void check_members(const YamlNode& root, std::string_view key,
                   const std::vector<std::string>& members, std::vector<YamlProblem>& problems) {
  const auto* list = find_setting(root, "api", key);
  for (const auto& member : members) {
    if (is_there(member)) continue;
    auto place = place_of(list);
    if (list != nullptr) {
      const auto item = std::ranges::find(list->items, member, &YamlNode::text);
      if (item != list->items.end()) place = item->mark;
    }
    problems.push_back({place, "api." + std::string(key) + ": there is no " + member});
  }
}

// "": it can be read.
std::string why_not_readable(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::generic_category().message(errno);
  close(fd);
  return {};
}

}  // namespace

void check_on_machine(const Config& config, const YamlNode& root,
                      std::vector<YamlProblem>& problems) {
  const auto& group = config.api.socket_group;
  if (!group.empty() && getgrnam(group.c_str()) == nullptr)
    problems.push_back({place_of(find_setting(root, "api", "socket_group")),
                        "api.socket_group: there is no group " + group});
  check_members(root, "operators", config.api.operators, problems);
  check_members(root, "support", config.api.support, problems);
  check_members(root, "monitoring", config.api.monitoring, problems);
  const auto& rules = config.reasons.rules_file;
  if (rules.empty()) return;
  if (const auto why = why_not_readable(rules); !why.empty())
    problems.push_back({place_of(find_setting(root, "reasons", "rules_file")),
                        "reasons.rules_file: " + rules + ": " + why});
}

}  // namespace rastro
