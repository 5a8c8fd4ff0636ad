set(RASTRO_EXIM_SOURCES
  exim/delivery.cc exim/destination.cc exim/dialogue.cc exim/escapes.cc exim/fields.cc exim/mainlog.cc
  exim/arrival.cc exim/queue.cc exim/reject_record.cc exim/rejectlog.cc exim/service.cc exim/service_forms.cc exim/split_records.cc exim/times.cc)
