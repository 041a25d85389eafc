using System.Reflection;
using System.Security;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Output;

/// <summary>The project of a class library that is one compiled model, with the settings that a build gives such an assembly.</summary>
internal static class LibraryProject
{
    /// <summary>The version of the packages that belong to this tool.</summary>
    public static string PackageVersion { get; } =
        typeof(LibraryProject).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>
    /// The project's text. It names nothing of the folders around it, whose settings it does not take over where they would change the model.
    /// </summary>
    public static string Text(ModelPlan plan, bool isEmbedded)
    {
        var name = plan.Namespace.Length == 0 ? plan.Name : plan.Namespace + "." + plan.Name;
        var weights = isEmbedded
            ? $"""<EmbeddedResource Include="{plan.Name}.weights" LogicalName="{plan.Name}.weights" />"""
            : $"""<Content Include="{plan.Name}.weights" CopyToOutputDirectory="PreserveNewest" />""";
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">

              <!-- Written by compiledbert from {SecurityElement.Escape(plan.Source).Replace("--", "- -", StringComparison.Ordinal)}. Models are optimised in every configuration. -->
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <AssemblyName>{name}</AssemblyName>
                <RootNamespace>{plan.Namespace}</RootNamespace>
                <LangVersion>latest</LangVersion>
                <Nullable>enable</Nullable>
                <ImplicitUsings>disable</ImplicitUsings>
                <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
                <CheckForOverflowUnderflow>false</CheckForOverflowUnderflow>
                <Optimize>true</Optimize>
                <DebugType>embedded</DebugType>
                <Deterministic>true</Deterministic>
                <GenerateDocumentationFile>true</GenerateDocumentationFile>
                <IsTrimmable>true</IsTrimmable>
                <RunAnalyzers>false</RunAnalyzers>
                <WarningLevel>0</WarningLevel>
                <ManagePackageVersionsCentrally>false</ManagePackageVersionsCentrally>
              </PropertyGroup>

              <ItemGroup>
                <PackageReference Include="CompiledBert" Version="{PackageVersion}" />
                {weights}
              </ItemGroup>

            </Project>

            """.ReplaceLineEndings("\n");
    }
}
