# package.cmake: the Debian package, built by "cmake --preset package && cmake --build --preset package".
#
# What it adds to what "cmake --install" installs: the conffile /etc/default/penstock, maintainer scripts, and what Debian's
# policy wants: compressed pages, a copyright file, hardening.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "bridge that writes records of Kafka to Redis")
set(CPACK_PACKAGE_DESCRIPTION "penstock reads records from Kafka, turns them into Redis commands, and
commits a record's offset only after Redis has acknowledged it and every
earlier record of its partition. Routes are written as commands of redis-cli.
.
The service starts when /etc/penstock/penstock.conf is there.")
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The penstock maintainers <penstock@penstock.invalid>")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS redis-server)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(folder ${CMAKE_CURRENT_LIST_DIR})
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${folder}/conffiles ${folder}/postinst ${folder}/prerm ${folder}/postrm)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

install(FILES ${folder}/default RENAME penstock DESTINATION /etc/default)
install(FILES ${folder}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${folder}/changelog RENAME changelog.Debian DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${folder}/lintian-overrides RENAME penstock DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides)
install(CODE "
  set(documentation \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DOCDIR}\")
  file(REMOVE \"\${documentation}/LICENSE\") # it is in copyright
  file(RENAME \"\${documentation}/CHANGELOG.md\" \"\${documentation}/changelog\")
  file(GLOB pages \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_MANDIR}/*/*.[15]\")
  execute_process(COMMAND gzip -9nf \${pages} \"\${documentation}/changelog\" \"\${documentation}/changelog.Debian\"
    COMMAND_ERROR_IS_FATAL ANY)")

target_compile_options(penstock_flags INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
target_link_options(penstock_flags INTERFACE -pie -Wl,-z,relro,-z,now)
include(CPack)
