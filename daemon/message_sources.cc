#include "daemon/message_sources.h"

#include <memory>
#include <utility>

#include "config/quantity.h"
#include "core/check.h"
#include "daemon/log_origin.h"
#include "daemon/source/journal_source.h"
#include "daemon/source/syslog_socket.h"

namespace rastro {
namespace {

std::unique_ptr<Source> make_journal(const Config& config, std::size_t spec, SourceSet& sources,
                                     const Clock& clock) {
  const auto& settings = config.sources[spec];
  JournalOptions options;
  options.journal = settings.journal;
  options.units = settings.units;
  options.identifiers = settings.identifiers;
  options.spec = spec;
  options.first_read_back = config.first_start_reads_back;
  const auto saved = sources.take_saved(JournalSource::name_of(options.journal));
  return std::make_unique<JournalSource>(std::move(options), saved, sources.numbers(), clock);
}

std::unique_ptr<Source> make_socket(const SourceSettings& settings, std::size_t spec,
                                    SourceSet& sources, const Clock& clock) {
  const auto address = parse_listen_address(settings.listen);
  RASTRO_CHECK(address.has_value());  // load_config() let nothing else through
  SyslogSocketOptions options;
  options.kind = address->kind == ListenAddress::Kind::udp ? SyslogSocketOptions::Kind::udp
                 : address->kind == ListenAddress::Kind::tcp
                     ? SyslogSocketOptions::Kind::tcp
                     : SyslogSocketOptions::Kind::unix_datagram;
  options.host = address->host;
  options.port = address->port;
  options.own_host = settings.host.empty() ? machine_host_name() : settings.host;
  options.spec = spec;
  const auto saved = sources.take_saved(SyslogSocket::name_of(options));
  return std::make_unique<SyslogSocket>(std::move(options), saved, sources.numbers(), clock);
}

}  // namespace

void add_message_sources(const Config& config, SourceSet& sources, const Clock& clock) {
  for (std::size_t spec = 0; spec < config.sources.size(); ++spec) {
    const auto& settings = config.sources[spec];
    if (!settings.journal.empty()) sources.add(make_journal(config, spec, sources, clock));
    if (!settings.listen.empty()) sources.add(make_socket(settings, spec, sources, clock));
  }
}

bool copies_lines(const SourceSettings& source, const StoreSettings& store) {
  return source.path.empty() || store.raw_lines == RawLinePolicy::copy;
}

}  // namespace rastro
