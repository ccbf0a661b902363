@echo off
rem iocp4j COMMAND ...: runs iocp4j on Windows. (On Linux: ./iocp4j.) Needs a JDK 22 or newer. Maven is fetched
rem (mvnw.cmd) where there is none in PATH.
rem The application jar is built when it is missing or the sources have changed (src\launcher\Prepare.java).
rem With each jar goes an archive of its classes.
rem
rem Beside the program's own commands (see --help):
rem   setup                 nothing: there is nothing to set up on Windows
rem   test [MAVEN ARG ...]  the tests
rem   java ARG ...          the JDK's java
rem
rem Environment: JAVA_HOME          the JDK, if it is 22 or newer
rem              IOCP4J_JAVA_OPTS   further JVM options, split at blanks (quotes: JDK_JAVA_OPTIONS)
rem              IOCP4J_APP_JAR     an application jar to run as it is, in place of one built from the sources
rem
rem How this file keeps arguments and folders as they are, whatever characters they have:
rem - Folders stand in quotes wherever they stand: "&" would end the command, and ")" a block.
rem - No delayed expansion, which takes "!" out of names.
rem - Folders go to subroutines in variables: "call" reads its arguments a second time, for "%%", and doubles "^".
rem - What was typed is pasted, as %%*, at the end of the line that runs it; behind test and java, through a variable. Not
rem   %%1, %%2: cmd.exe splits those at "=" too, as in -Dtest=Name.
rem Not measured, since Wine's cmd reads a line a second time: a folder with "%%" in its name.
setlocal EnableExtensions DisableDelayedExpansion
rem Else cmd.exe would run a java or an mvn that lies in the user's folder.
set "NoDefaultCurrentDirectoryInExePath=1"
set "ROOT=%~dp0"
set "BUILT=%ROOT%target\launcher\"
set "IOCP4J_LAUNCHER=%~f0"

rem After Ctrl-C cmd.exe asks "Terminate batch job (Y/N)?" if the program belonged to a batch file. So the line that runs
rem java first ends this one: a jump to no label does, and cmd.exe still runs the rest of the line, whose exit code it
rem returns. The title would else stay that of a batch file. npm's commands do the same; reported, not yet run by us.
rem Wine's cmd asks nothing, and does not run that rest.
set "LEAVE=goto #_no_label_# 2>nul || title %COMSPEC% & "
if defined WINEPREFIX set "LEAVE="

if "%~1"=="setup" goto setup
call :find_jdk
if not defined JDK goto no_jdk
set "JAVA_HOME=%JDK%"
if "%~1"=="test" goto test
if "%~1"=="java" goto java

set "SHARED=-Xshare:auto"
rem A JVM without archives of this kind refuses to start with their tag.
set "QUIET=-Xlog:cds*=off:stderr"
set "JAR=%IOCP4J_APP_JAR%"
if not defined JAR goto prepare
if exist "%JAR%" goto run
echo iocp4j: IOCP4J_APP_JAR names no file: "%JAR%">&2
exit /b 1

:prepare
rem It is compiled once, since that takes a second.
if not exist "%BUILT%Prepare.class" goto compile
fc /b "%ROOT%src\launcher\Prepare.java" "%BUILT%Prepare.java" >nul 2>nul
if not errorlevel 1 goto names
:compile
"%JDK%\bin\java.exe" -cp "%ROOT%src" "%ROOT%src\launcher\Prepare.java" compile
if errorlevel 1 exit /b 1
:names
rem By PATH and CLASSPATH, so that nothing in the command needs quotes: it is for another cmd.exe to read.
set "PATH=%JDK%\bin;%PATH%"
set "CLASSPATH=%BUILT%."
set "NAMES="
for /f "delims=" %%n in ('java -XX:+UseSerialGC -Xlog:disable Prepare') do set "NAMES=%%n"
if not defined NAMES exit /b 1
for /f "tokens=1,2" %%a in ("%NAMES%") do (set "JAR=%BUILT%%%a" & set "ARCHIVE=%%b")
if "%ARCHIVE%"=="-" goto run
set "SHARED=-XX:AOTCache=%BUILT%%ARCHIVE%"
set "QUIET=-Xlog:cds*=off,aot*=off:stderr"
goto run

:setup
echo iocp4j: there is nothing to set up on Windows. A JDK 22 or newer is all it takes.
exit /b 0

:test
set "MAVEN="
for %%p in (mvn.cmd) do set "MAVEN=%%~$PATH:p"
if not defined MAVEN set "MAVEN=%ROOT%mvnw.cmd"
set REST=%*
rem The last line for cmd.exe, since it does not come back from a batch file that is not called.
"%MAVEN%" -B -ntp -f "%ROOT%pom.xml" -Dsurefire.failIfNoSpecifiedTests=false %REST:*test=% verify

:no_jdk
if not defined FOUND set FOUND= no JDKs at all
echo iocp4j: a JDK 22 or newer is needed, and none is in JAVA_HOME, in PATH, below "%ProgramFiles%" or below "%USERPROFILE%".>&2
echo iocp4j: Found were:%FOUND%.>&2
echo iocp4j: Install one, for instance Temurin 25 from https://adoptium.net, and type: set "JAVA_HOME=FOLDER">&2
exit /b 1

rem Sets JDK to the first JDK 22 or newer in the usual places, and FOUND to those that were passed over.
:find_jdk
set "JDK="
set "FOUND="
if defined JAVA_HOME set "FOLDER=%JAVA_HOME:"=%"
if defined JAVA_HOME call :try_jdk
for %%p in (java.exe) do set "FOLDER=%%~dp$PATH:p.."
if not "%FOLDER%"==".." call :try_jdk
for %%v in ("Eclipse Adoptium" Java Microsoft "Amazon Corretto" Zulu BellSoft Semeru SapMachine OpenJDK) do (set "PLACE=%ProgramFiles%\%%~v" & call :search)
for %%v in ("Eclipse Adoptium" Microsoft "Amazon Corretto" Zulu BellSoft) do (set "PLACE=%LOCALAPPDATA%\Programs\%%~v" & call :search)
for %%v in (.jdks .sdkman\candidates\java scoop\apps) do (set "PLACE=%USERPROFILE%\%%v" & call :search)
exit /b 0

rem The same for the folders in PLACE. Scoop keeps a program in one called current.
:search
if defined JDK exit /b 0
if not exist "%PLACE%\." exit /b 0
pushd "%PLACE%"
for /d %%d in (*) do (set "FOLDER=%PLACE%\%%d" & call :try_jdk & set "FOLDER=%PLACE%\%%d\current" & call :try_jdk)
popd
exit /b 0

rem Sets JDK to FOLDER if that is a JDK 22 or newer and none was found yet: told by the file "release" in it.
:try_jdk
if defined JDK exit /b 0
if not exist "%FOLDER%\release" exit /b 0
for %%d in ("%FOLDER%") do set "FOLDER=%%~fd"
if "%FOLDER:~-1%"=="\" set "FOLDER=%FOLDER:~0,-1%"
set "VERSION="
for /f "usebackq tokens=1,2 delims==" %%k in ("%FOLDER%\release") do if "%%k"=="JAVA_VERSION" set "VERSION=%%l"
if not defined VERSION exit /b 0
set "VERSION=%VERSION:"=%"
set "KIND=JDK"
if not exist "%FOLDER%\bin\javac.exe" set "KIND=JRE"
for /f "delims=.+-" %%m in ("%VERSION%") do set "MAJOR=%%m"
if %KIND%==JDK if %MAJOR% GEQ 22 set "JDK=%FOLDER%"
set FOUND=%FOUND% "%FOLDER%" (%KIND% %VERSION%)
exit /b 0

:java
set REST=%*
endlocal & %LEAVE%"%JDK%\bin\java.exe" %REST:*java=%
rem Reached under Wine only.
exit /b %ERRORLEVEL%

:run
rem The JVM's own warnings go to stderr: standard output is the program's. What it cannot use of an archive it ignores, and
rem so it tells nothing of it.
endlocal & %LEAVE%"%JDK%\bin\java.exe" -Xlog:disable -Xlog:all=warning:stderr "%SHARED%" "%QUIET%" -Dstdout.encoding=UTF-8 -Dstderr.encoding=UTF-8 "-Diocp4j.home=%ROOT%." %IOCP4J_JAVA_OPTS% -jar "%JAR%" %*
