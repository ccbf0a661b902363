@echo off
rem iocp4j COMMAND ...: runs iocp4j on Windows. (On Linux: ./iocp4j.) Needs a JDK 22 or newer and Maven.
rem The application jar is built when it is missing or the sources have changed.
rem
rem Beside the program's own commands (see --help):
rem   test [MAVEN ARG ...]  the tests
rem   java ARG ...          the JDK's java
rem
rem Environment: JAVA_HOME          the JDK, if it is 22 or newer
rem              IOCP4J_JAVA_OPTS   further JVM options
rem              IOCP4J_APP_JAR     an application jar to run as it is, in place of one built from the sources
rem
rem No blocks in parentheses below: a folder such as C:\Program Files (x86) would end one.
setlocal EnableExtensions DisableDelayedExpansion
set "ROOT=%~dp0"
set "IOCP4J_LAUNCHER=%~f0"
set "LAUNCHER_FOLDER=%ROOT%target\launcher"

set "JDK="
if defined JAVA_HOME call :try_jdk "%JAVA_HOME%"
for %%p in (java.exe) do call :try_java "%%~$PATH:p"
for /d %%d in ("%ProgramFiles%\Eclipse Adoptium\*") do call :try_jdk "%%~d"
for /d %%d in ("%ProgramFiles%\Java\*") do call :try_jdk "%%~d"
for /d %%d in ("%ProgramFiles%\Microsoft\jdk*") do call :try_jdk "%%~d"
if not defined JDK goto no_jdk
set "JAVA_HOME=%JDK%"

rem What follows the command. Not by %1, %2: cmd.exe splits those at "=" too, as in -Dtest=Name.
set "REST="
for /f "tokens=1,*" %%a in ("%*") do set "REST=%%b"
if "%~1"=="test" goto test
if "%~1"=="java" goto java

set "JAR=%IOCP4J_APP_JAR%"
if defined JAR goto run
rem Robocopy, only listing, tells by 0 that the sources are those of the last build.
call :find_jar
if not defined JAR goto build
robocopy "%ROOT%src" "%LAUNCHER_FOLDER%\src" /MIR /L /NJH /NJS /NFL /NDL /NP >nul 2>nul
if errorlevel 1 goto build
fc /b "%ROOT%pom.xml" "%LAUNCHER_FOLDER%\pom.xml" >nul 2>nul
if errorlevel 1 goto build
goto run

:build
where /q mvn
if errorlevel 1 goto no_maven
echo iocp4j: building the application ...>&2
call mvn -B -q -f "%ROOT%pom.xml" -Dmaven.test.skip=true package >&2
if errorlevel 1 goto build_failed
rem Robocopy's exit codes below 8 are success.
robocopy "%ROOT%src" "%LAUNCHER_FOLDER%\src" /MIR /NJH /NJS /NFL /NDL /NP >nul
if errorlevel 8 goto build_failed
copy /y "%ROOT%pom.xml" "%LAUNCHER_FOLDER%\pom.xml" >nul
call :find_jar
if not defined JAR goto build_failed

:run
rem The JVM's own warnings go to stderr: standard output is the program's.
"%JAVA_HOME%\bin\java.exe" -Xlog:disable -Xlog:all=warning:stderr -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8 %IOCP4J_JAVA_OPTS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%

:java
"%JAVA_HOME%\bin\java.exe" %REST%
exit /b %ERRORLEVEL%

:test
where /q mvn
if errorlevel 1 goto no_maven
call mvn -B -ntp -f "%ROOT%pom.xml" -Dsurefire.failIfNoSpecifiedTests=false %REST% verify
exit /b %ERRORLEVEL%

:build_failed
echo iocp4j: the build failed>&2
exit /b 1

:no_maven
echo iocp4j: Maven is missing. Install it and put its folder bin into PATH.>&2
exit /b 1

:no_jdk
echo iocp4j: a JDK 22 or newer is needed, and none was found in JAVA_HOME, in PATH or below "%ProgramFiles%".>&2
echo iocp4j: Install one, for instance Temurin 25, and type: set JAVA_HOME=FOLDER>&2
exit /b 1

rem Sets JDK to the folder %1 if that is a JDK 22 or newer and none was found yet: told by the file "release" in it.
:try_jdk
if defined JDK exit /b 0
if not exist "%~1\release" exit /b 0
if not exist "%~1\bin\javac.exe" exit /b 0
set "VERSION="
for /f "usebackq tokens=1,2 delims==" %%k in ("%~1\release") do if "%%k"=="JAVA_VERSION" set "VERSION=%%~l"
for /f "delims=.+-" %%m in ("%VERSION%") do set "VERSION=%%m"
if not defined VERSION exit /b 0
if %VERSION% GEQ 22 set "JDK=%~1"
exit /b 0

rem The same for the JDK that the java.exe %1 belongs to.
:try_java
if "%~1"=="" exit /b 0
for %%d in ("%~dp1..") do call :try_jdk "%%~fd"
exit /b 0

:find_jar
set "JAR="
for %%j in ("%ROOT%target\iocp4j-*-app.jar") do set "JAR=%%~fj"
exit /b 0
