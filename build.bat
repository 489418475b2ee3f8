@echo off
rem The program as single files, as the Makefile does on other systems: build.bat all
setlocal
cd /d "%~dp0"
set WHAT=%1
if "%WHAT%"=="" goto help
if "%WHAT%"=="help" goto help
if "%WHAT%"=="clean" (
  if exist dist rmdir /s /q dist
  exit /b 0
)
if "%WHAT%"=="test" goto test
if "%WHAT%"=="build" set WHAT=host
call scripts\install.cmd run
if errorlevel 1 exit /b 1
node_modules\.bin\bun scripts\build.ts %WHAT%
exit /b %errorlevel%

:test
call scripts\install.cmd all
if errorlevel 1 exit /b 1
node_modules\.bin\bun scripts\test.ts
exit /b %errorlevel%

:help
echo build.bat all       every file: dist\llm-proxy-{linux,darwin,windows}-{amd64,arm64}[.exe]
echo build.bat build     the one for this machine
echo build.bat linux     two of them; so do darwin and windows
echo build.bat test      every check and every test
echo build.bat clean     removes dist
