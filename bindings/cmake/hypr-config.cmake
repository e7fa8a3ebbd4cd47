# find_package(hypr) gives the target hypr::hypr. Relocatable: the prefix is found from where this file lies.

if(TARGET hypr::hypr)
  return()
endif()

get_filename_component(hypr_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

add_library(hypr::hypr SHARED IMPORTED)
set_target_properties(hypr::hypr PROPERTIES
  IMPORTED_LOCATION "${hypr_prefix}/lib/libhypr.so.0"
  IMPORTED_SONAME "libhypr.so.0"
  INTERFACE_INCLUDE_DIRECTORIES "${hypr_prefix}/include")

unset(hypr_prefix)
